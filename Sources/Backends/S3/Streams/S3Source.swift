import CacheProtocol
import NIOCore
import Synchronization

/// A reader's view of an object. Reads that go on where the last one ended fetch ahead, twice as far each time, so that
/// a player does not pay for a request by each piece, and somebody who looks into the middle gets just that.
final class S3Source: StreamSource {
    private let store: S3Store
    private let id: StreamID
    private let longestAhead: Int
    private let state = Mutex(State())

    private struct State {
        var status = StreamStatus(size: 0, state: .removed)
        var entityTag = ""
        var writing = ""
        /// What was fetched ahead, and where it starts.
        var window: (start: Int64, bytes: ByteBuffer) = (0, ByteBuffer())
        /// Where the last fetch ended.
        var end: Int64 = 0
        var ahead = 0

        var windowEnd: Int64 { self.window.start + Int64(self.window.bytes.readableBytes) }
    }

    /// - Parameters:
    ///   - store: Where the object is.
    ///   - id: The stream.
    ///   - longestAhead: How many bytes one read fetches at most because others went before it.
    init(store: S3Store, id: StreamID, longestAhead: Int) {
        self.store = store
        self.id = id
        self.longestAhead = longestAhead
    }

    func open() -> Answer<StreamStatus> {
        .later(
            Later { () async throws(CacheError) in
                if self.store.names.upload(self.id)?.info != nil { throw self.isLive }
                return self.take(try await self.store.find(self.id))
            }
        )
    }

    private func take(_ found: S3Store.Found) -> StreamStatus {
        self.state.withLock { state in
            state.status = StreamStatus(size: found.facts.info.size, state: found.facts.info.state)
            state.entityTag = found.entityTag
            state.writing = found.facts.writing
            return state.status
        }
    }

    private var isLive: CacheError {
        CacheError(
            .unsupported,
            "The stream is being written, and an object store has no live reads. Read it once it is sealed.",
            streamID: self.id
        )
    }

    var status: StreamStatus { self.state.withLock { $0.status } }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        let (known, length) = self.state.withLock { state -> (ByteBuffer?, Int) in
            if offset >= state.window.start, offset < state.windowEnd {
                let start = state.window.bytes.readerIndex + Int(offset - state.window.start)
                let length = min(count, state.window.bytes.writerIndex - start)
                return (state.window.bytes.getSlice(at: start, length: length), 0)
            }
            let goesOn = offset == state.end
            state.ahead = goesOn ? min(self.longestAhead, max(count, state.ahead) * 2) : 0
            let length = Int(min(Int64(max(count, state.ahead)), state.status.size - offset))
            state.end = offset + Int64(length)
            return (nil, length)
        }
        if let known { return .now(known) }
        return .later(
            Later { () async throws(CacheError) in
                let bytes = try await self.fetch(offset..<offset + Int64(length))
                if length > count { self.state.withLock { $0.window = (offset, bytes) } }
                return bytes.getSlice(at: bytes.readerIndex, length: min(count, bytes.readableBytes)) ?? bytes
            }
        )
    }

    private func fetch(_ range: Range<Int64>) async throws(CacheError) -> ByteBuffer {
        var hasLookedAgain = false
        while true {
            let entityTag = self.state.withLock { $0.entityTag }
            do throws(S3Failure) {
                return try await self.store.client.get(self.store.key(self.id), range: range, entityTag: entityTag)
            } catch {
                let isGone = error.isMissing || error.isPreconditionFailed || error.status == 416
                guard isGone else { throw self.store.error(error, self.id) }
                guard !hasLookedAgain, try await self.isStillThere() else { throw self.gone() }
                hasLookedAgain = true
            }
        }
    }

    /// Whether the object is another only because its stream was sealed in the meantime.
    private func isStillThere() async throws(CacheError) -> Bool {
        guard let found = try await self.store.look(self.id) else { return false }
        let writing = self.state.withLock { $0.writing }
        guard found.facts.writing == writing, found.facts.info.size == self.status.size else { return false }
        _ = self.take(found)
        return true
    }

    private func gone() -> CacheError {
        self.state.withLock { $0.status.state = .removed }
        return CacheError(.aborted, "The stream was removed while it was being read.", streamID: self.id)
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        let status = self.status
        if status.size > offset || status.state != state || state == .sealed { return status }
        throw CacheError(.unsupported, "A stream in an object store does not grow.", streamID: self.id)
    }
}
