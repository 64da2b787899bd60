import CacheProtocol
import Logging
import NIOCore
import Synchronization

/// One stream on its way into the store: what its writer holds, and the job that sends its bytes.
///
/// A stream that ends before a part is full becomes an object by one request. A longer one goes up in parts, and is an
/// object, marked as suspended, once they are completed; sealing then gives that object the facts of a sealed stream.
/// So whatever happens in between, the store never has a stream as sealed that is not. Where length and digest are known
/// beforehand, as those of a copy are, the facts are right from the start.
final class S3Upload: Sendable {
    let id: StreamID
    let options: WriteOptions
    let queue: UploadQueue
    private let store: S3Store
    private let state: Mutex<State>

    private enum Phase {
        case reserved, opening, open, ended
    }

    private struct State {
        var phase = Phase.reserved
        var info: StreamInfo
        var writing = ""
        /// The writer was dropped before it was told that it is open.
        var isDropped = false
        var result: Result<StreamInfo?, CacheError>?
        var waiters: [CheckedContinuation<Result<StreamInfo?, CacheError>, Never>] = []
    }

    init(_ id: StreamID, _ options: WriteOptions, in store: S3Store) {
        self.id = id
        self.options = options
        self.store = store
        let configuration = store.configuration
        self.queue = UploadQueue(pieceSize: min(256 << 10, configuration.partSize), limit: configuration.partSize)
        var info = StreamInfo(id: id, state: .live, size: 0, createdAt: Timestamp(millisecondsSinceEpoch: 0))
        info.contentType = options.contentType
        info.timeToLiveSeconds = options.timeToLiveSeconds
        info.metadata = options.metadata
        self.state = Mutex(State(info: info))
    }

    /// The facts of the stream while it is being written; `nil` before it is there.
    var info: StreamInfo? {
        var info = self.state.withLock { $0.phase == .open ? $0.info : nil }
        info?.size = self.queue.accepted
        return info
    }

    // MARK: The writer's side

    func open() async throws(CacheError) -> WritePosition {
        self.state.withLock { $0.phase = .opening }
        do throws(CacheError) {
            let facts = try await self.store.makeRoom(for: self)
            let isDropped = self.state.withLock { state in
                state.info.createdAt = facts.createdAt
                state.writing = facts.writing
                state.phase = .open
                return state.isDropped
            }
            if isDropped { self.queue.end(.suspend) }
            guard self.store.jobs.submit({ await self.send() }) else {
                throw CacheError(.shuttingDown, "The gateway is going down.", streamID: self.id)
            }
            return WritePosition(offset: 0, epoch: 1)
        } catch {
            self.state.withLock { $0.phase = .ended }
            self.store.names.release(self.id, of: self)
            throw error
        }
    }

    func suspend() {
        let wasReserved = self.state.withLock { state in
            switch state.phase {
            case .reserved:
                state.phase = .ended
                return true
            case .opening: state.isDropped = true
            case .open, .ended: break
            }
            return false
        }
        if wasReserved { self.store.names.release(self.id, of: self) }
        self.queue.end(.suspend)
    }

    /// Ends the writer, and waits for the job to be done.
    func end(_ end: UploadQueue.End) async throws(CacheError) -> StreamInfo? {
        self.queue.end(end)
        let result = await withCheckedContinuation { continuation in
            let result = self.state.withLock { state -> Result<StreamInfo?, CacheError>? in
                if state.result == nil { state.waiters.append(continuation) }
                return state.result
            }
            if let result { continuation.resume(returning: result) }
        }
        return try result.get()
    }

    // MARK: The job

    private func send() async {
        let result: Result<StreamInfo?, CacheError>
        do throws(CacheError) {
            result = .success(try await self.transfer())
        } catch {
            result = .failure(error)
        }
        // First the name, so that who is told of the end can use it.
        self.store.names.release(self.id, of: self)
        let waiters = self.state.withLock { state in
            state.phase = .ended
            state.result = result
            let waiters = state.waiters
            state.waiters = []
            return waiters
        }
        for waiter in waiters { waiter.resume(returning: result) }
    }

    private func transfer() async throws(CacheError) -> StreamInfo? {
        let (info, writing) = self.state.withLock { ($0.info, $0.writing) }
        var object = ObjectAssembly(ObjectFacts(info, writing: writing), options: self.options, store: self.store)
        do throws(CacheError) {
            if let original = object.streamable { return try await object.stream(self.queue, original) }
            while true {
                switch await self.queue.next() {
                case .bytes(let bytes): try await object.append(bytes)
                case .end(.abort):
                    try await object.discard()
                    return nil
                case .end(.suspend): return try await object.suspend()
                case .end(.finish(let expected)): return try await object.seal(expecting: expected)
                case .cancelled: throw self.shuttingDown
                }
            }
        } catch {
            guard let end = await self.queue.fail(error) else { throw error }
            await object.salvage(after: error, isWanted: end != .abort)
            if end == .abort { return nil }
            throw error
        }
    }

    private var shuttingDown: CacheError {
        CacheError(
            .shuttingDown,
            "The gateway goes down while the stream is on its way to the store. Send it again.",
            streamID: self.id
        )
    }
}

/// A writer's end of an upload.
final class S3Sink: StreamSink {
    private let upload: S3Upload
    private let maximumSize: Int64

    init(_ upload: S3Upload, maximumSize: Int64) {
        self.upload = upload
        self.maximumSize = maximumSize
    }

    func open() -> Answer<WritePosition> {
        .later(Later { () async throws(CacheError) in try await self.upload.open() })
    }

    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult {
        let queue = self.upload.queue
        let mustWait = try queue.append(count: count, maximum: self.maximumSize, id: self.upload.id, filling: fill)
        return mustWait ? .pause(Later { () async throws(CacheError) in try await queue.room() }) : .ready
    }

    /// Does nothing: nobody reads the stream before it is sealed, and parts are full.
    func flush() {}

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        guard let info = try await self.upload.end(.finish(expecting: sha256)) else {
            throw CacheError(.aborted, "The stream was aborted.", streamID: self.upload.id)
        }
        return info
    }

    func abort() async throws(CacheError) { _ = try await self.upload.end(.abort) }

    func suspend() { self.upload.suspend() }
}
