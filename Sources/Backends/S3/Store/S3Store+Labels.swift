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
        do throws(S3Failure) {
            var cursor: String?
            var failures = 0
            while true {
                let listing = try await self.client.list(prefix: self.labelsPrefix, after: cursor, limit: 1_000)
                // Whoever sends a stream that is not long does not come to its end any sooner for being told to.
                let hourAgo = self.client.time.now(at: self.clock.wall()).advanced(bySeconds: -3_600)
                let limit = min(self.abandonmentLimit, hourAgo)
                for object in listing.objects {
                    guard let written = CivilTime(rfc3339: object.lastModified)?.timestamp, written < limit,
                        let id = self.id(ofLabels: object.key), self.names.upload(id) == nil
                    else { continue }
                    do throws(S3Failure) {
                        if try await self.namedLabels(of: id) == object.key { continue }
                        try await self.client.delete(object.key)
                        failures = 0
                    } catch {
                        failures += 1
                        guard failures < Self.patience, !Task.isCancelled else { throw error }
                        continue
                    }
                    self.logger.notice("labels that no stream has were removed", metadata: ["key": "\(object.key)"])
                }
                guard listing.hasMore, let last = listing.objects.last else { return }
                cursor = last.key
            }
        } catch {
            self.logger.warning("lost labels can't be removed", metadata: ["error": "\(self.error(error))"])
        }
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
