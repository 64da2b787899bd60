import CacheProtocol
import Crypto
import NIOCore
import S3Backend

/// Compares one object with what it says was sealed.
struct ColdCheck: Sendable {
    /// How much is asked for at a time: with the answer before it, what a check takes of memory, twice.
    static let blockLength = 4 << 20

    let backend: S3Backend
    /// Told how many bytes were read, as they are.
    let progress: @Sendable (Int64) -> Void

    /// Checks a stream. Where somebody changed it meanwhile, what it has become is checked.
    ///
    /// - Returns: The finding; `nil` where what the store has was never sealed.
    /// - Throws: ``InspectError`` where the store can't be asked at all: that is nothing about the stream.
    func check(_ id: StreamID) async throws(InspectError) -> Finding? {
        var changes = 0
        do throws(CacheError) {
            guard var copy = try await self.backend.storedCopy(of: id) else {
                return self.finding(id, .removedMeanwhile)
            }
            while true {
                guard copy.info.state == .sealed else { return nil }
                let finding = await self.compare(copy)
                guard finding.verdict.isWrong, changes < 4 else { return finding }
                guard let now = try await self.backend.storedCopy(of: id) else {
                    return self.finding(id, .removedMeanwhile)
                }
                if now == copy {
                    if finding.verdict == .unreadable { try await self.requireStore() }
                    return finding
                }
                copy = now
                changes += 1
            }
        } catch {
            do throws(CacheError) {
                try await self.requireStore()
                return self.finding(id, .unreadable).with(detail: error.message)
            } catch {
                throw InspectError.from(error)
            }
        }
    }

    /// What there is to say of a stream that was asked for by name.
    func checkNamed(_ id: StreamID) async throws(InspectError) -> Finding {
        guard let finding = try await self.check(id) else {
            return self.finding(id, .noSuchStream).with(detail: "the store has an upload of it that broke off")
        }
        guard finding.verdict == .removedMeanwhile else { return finding }
        return self.finding(id, .noSuchStream)
    }

    private func requireStore() async throws(CacheError) {
        _ = try await self.backend.listedCopies(after: nil, limit: 1)
    }

    private func finding(_ id: StreamID, _ verdict: Finding.Verdict) -> Finding {
        Finding(id, file: self.backend.key(of: id), verdict)
    }

    private func compare(_ copy: StoredCopy) async -> Finding {
        let id = copy.info.id
        var finding = self.finding(id, .ok)
        if let sealed = copy.sealedSize, sealed != copy.info.size {
            finding.verdict = .sizeDiffers
            finding.expected = "\(sealed) bytes"
            finding.found = "\(copy.info.size) bytes"
            return finding
        }
        do throws(CacheError) {
            var hasher = SHA256()
            let reader = try self.backend.makeReader(for: id)
            let size = try await reader.opened().value().size
            while finding.bytesRead < size, !Task.isCancelled {
                let count = Int(min(Int64(Self.blockLength), size - finding.bytesRead))
                let bytes = try await reader.read(at: finding.bytesRead, count: count).value()
                bytes.withUnsafeReadableBytes { hasher.update(bufferPointer: $0) }
                finding.bytesRead += Int64(bytes.readableBytes)
                self.progress(Int64(bytes.readableBytes))
            }
            guard let expected = copy.info.sha256, let found = SHA256Value(bytes: hasher.finalize()),
                finding.bytesRead == size
            else { return finding }
            finding.isDigestCompared = true
            if found != expected {
                finding.verdict = .digestDiffers
                finding.expected = expected.description
                finding.found = found.description
            }
        } catch {
            finding.verdict = .unreadable
            finding.detail = error.message
        }
        return finding
    }
}
