import CacheProtocol
import Logging

extension S3Store {
    /// The prefix of all objects with labels that are too long for metadata.
    private var labelsPrefix: String { "\(self.configuration.prefix)labels/" }

    /// The key of labels that are too long for metadata.
    func labelsKey(_ id: StreamID, writing: String) -> String { "\(self.labelsPrefix)\(id.rawValue)/\(writing)" }

    /// The stream that labels were written for; `nil` for what something else put there.
    private func id(ofLabels key: String) -> StreamID? {
        let rest = String(decoding: key.utf8.dropFirst(self.labelsPrefix.utf8.count), as: UTF8.self)
        let names = rest.split(separator: "/", omittingEmptySubsequences: false)
        return names.count == 2 ? StreamID(validating: String(names[0])) : nil
    }

    /// Removes labels that no stream names: those of uploads that broke off where the store could not be asked, or not
    /// surely, whether the object had come about. Who wrote them lately may be about to make it.
    func removeLostLabels() async {
        do throws(CacheError) {
            try await self.forEachObject(under: self.labelsPrefix) { object throws(CacheError) in
                // Whoever sends a stream that is not long does not come to its end any sooner for being told to.
                let hourAgo = self.client.time.now(at: self.clock.wall()).advanced(bySeconds: -3_600)
                guard let written = CivilTime(rfc3339: object.lastModified)?.timestamp,
                    written < min(self.abandonmentLimit, hourAgo),
                    let id = self.id(ofLabels: object.key), self.names.upload(id) == nil
                else { return }
                try await self.removeLabels(object.key, of: id)
            }
        } catch {
            self.logger.warning("lost labels can't be removed", metadata: ["error": "\(error)"])
        }
    }

    private func removeLabels(_ key: String, of id: StreamID) async throws(CacheError) {
        do throws(S3Failure) {
            guard try await self.namedLabels(of: id) != key else { return }
            try await self.client.delete(key)
        } catch {
            throw self.error(error, id)
        }
        self.logger.notice("labels that no stream has were removed", metadata: ["key": "\(key)"])
    }

    /// The labels that a stream names; `nil` where there is no such stream, or it names none.
    private func namedLabels(of id: StreamID) async throws(S3Failure) -> String? {
        do throws(S3Failure) {
            return ObjectFacts.labelsKey(try await self.client.head(self.key(id)))
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}
