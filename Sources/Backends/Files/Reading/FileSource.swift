import CacheProtocol
import NIOCore
import Synchronization

/// A reader's hold on a stream's file.
final class FileSource: StreamSource {
    private let store: FileStore
    private let id: StreamID
    private let opened: Mutex<StreamFile?>

    init(store: FileStore, id: StreamID) {
        self.store = store
        self.id = id
        self.opened = Mutex(nil)
    }

    deinit {
        if let stream = self.opened.withLock({ $0 }) { self.store.release(stream) }
    }

    func open() -> Answer<StreamStatus> {
        if let stream = self.store.retainOpenStream(self.id) {
            self.opened.withLock { $0 = stream }
            return .now(stream.status)
        }
        return .later(
            Later { () async throws(CacheError) in
                let stream = try await self.store.openForReading(self.id)
                self.opened.withLock { $0 = stream }
                return stream.status
            }
        )
    }

    private var stream: StreamFile? { self.opened.withLock { $0 } }

    var status: StreamStatus { self.stream?.status ?? StreamStatus(size: 0, state: .removed) }

    /// Against a killed process every byte is safe that is in the file.
    var durableSize: Int64? {
        self.store.configuration.durability == .power ? self.stream?.durableSize : self.stream?.stored
    }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        guard let stream = self.stream else { throw self.notOpened }
        let available = stream.stored - offset
        guard available > 0 else {
            return .later(
                Later { () async throws(CacheError) in
                    let status = try await stream.grown(past: offset, while: .live)
                    guard stream.stored > offset else { throw self.lost(at: offset, status) }
                    return try await self.readLater(stream, at: offset, count: min(count, Int(stream.stored - offset)))
                }
            )
        }
        let wanted = min(count, Int(clamping: available))
        let bytes: ByteBuffer?
        do throws(SystemCallError) {
            bytes = try ReadBufferPool.current.fill(count: wanted) { memory throws(SystemCallError) in
                try self.store.calls.readNow(into: memory, from: stream.file, at: offset)
            }
        } catch {
            throw error.cacheError(for: self.id)
        }
        guard let bytes else {
            return .later(
                Later { () async throws(CacheError) in try await self.readLater(stream, at: offset, count: wanted) }
            )
        }
        guard bytes.readableBytes > 0 else { throw self.shortened(stream, at: offset) }
        return .now(bytes)
    }

    private func readLater(_ stream: StreamFile, at offset: Int64, count: Int) async throws(CacheError) -> ByteBuffer {
        let calls = self.store.calls
        let bytes = try await self.store.workers.perform { () throws(CacheError) in
            do throws(SystemCallError) {
                return try ReadBufferPool.current.fill(count: count) { memory throws(SystemCallError) in
                    try calls.read(into: memory, from: stream.file, at: offset)
                }
            } catch {
                throw error.cacheError(for: stream.id)
            }
        }
        guard let bytes, bytes.readableBytes > 0 else { throw self.shortened(stream, at: offset) }
        return bytes
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        guard let stream = self.stream else { throw self.notOpened }
        return try await stream.grown(past: offset, while: state)
    }

    func observeGrowth(past offset: Int64, while state: StreamState, _ observer: any GrowthObserver) -> GrowthWait {
        guard let stream = self.stream else { return .over(self.status, observer) }
        return stream.observeGrowth(past: offset, while: state, observer)
    }

    private var notOpened: CacheError {
        CacheError(.streamNotFound, "The reader was not opened, or opening it failed.", streamID: self.id)
    }

    private func shortened(_ stream: StreamFile, at offset: Int64) -> CacheError {
        CacheError(
            .io,
            "\(stream.file.path) ends at or before byte \(offset), but \(stream.stored) bytes were stored. Somebody cut it; "
                + "remove the stream or restore the file.",
            streamID: self.id
        )
    }

    private func lost(at offset: Int64, _ status: StreamStatus) -> CacheError {
        CacheError(
            .aborted,
            "Byte \(offset) was received but could not be stored, and its upload was told why; the stream has "
                + "\(status.size) bytes.",
            streamID: self.id
        )
    }
}
