import BackendTestKit
import CacheProtocol
import Crypto
import NIOCore
import Synchronization

/// A backend as plain as can be: a dictionary, whose every answer comes later. It can be broken on purpose.
struct ToyBackend: CacheBackend {
    /// Ways of not keeping a promise.
    enum Defect: CaseIterable {
        case dropForgetsTheLastBytes
        case secondWriterAllowed
        case readsOffByOneAtPageBorder
        case waitsDoNotEndAtSealing
        case removalLeavesTheListing
        case cancelledWaitGoesOn
        case oldWriterStillLands
        case digestLeavesOutTheLastByte
        case mismatchForgetsTheBytes
        case pagesSkipAStream
        case reopeningForgetsTheUnfinished
        case abortLeavesRoomTaken
        case fullStorageLosesTheStream
        case watchersGetOldBytes
    }

    let storage: ToyStorage
    let defect: Defect?

    var capabilities: Capabilities { Self.capabilities }

    static var capabilities: Capabilities {
        var capabilities = Capabilities()
        capabilities.isPersistent = true
        capabilities.liveReads = .native
        capabilities.resume = .native
        capabilities.listing = .native
        capabilities.digests = .native
        capabilities.metadata = .native
        return capabilities
    }

    /// A backend on storage of its own, and all hooks that it can offer.
    static func fixture(_ defect: Defect? = nil) -> BackendFixture {
        let storage = ToyStorage()
        var fixture = BackendFixture { ToyBackend(storage: storage, defect: defect) }
        fixture.reopen = {
            if defect == .reopeningForgetsTheUnfinished {
                storage.streams.withLock { $0 = $0.filter { $0.value.status.state == .sealed } }
            }
            return ToyBackend(storage: storage, defect: defect)
        }
        fixture.residue = { storage.taken.load(ordering: .relaxed) == 0 ? [] : ["room is taken"] }
        fixture.inject = { fault in storage.fault.withLock { $0 = fault } }
        return fixture
    }

    func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter {
        StreamWriter(ToySink(backend: self, id: id, options: options))
    }

    func makeReader(for id: StreamID) throws(CacheError) -> StreamReader {
        let source = ToySource(backend: self, id: id)
        return StreamReader(self.defect == .watchersGetOldBytes ? OldBytesSource(StreamReader(source)) : source)
    }

    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage {
        var streams = self.storage.streams.withLock { Array($0.values) }
        if self.defect == .removalLeavesTheListing { streams += self.storage.removed.withLock { $0 } }
        let all = streams.map(\.info).filter { filter.matches($0) }.sorted { $0.id < $1.id }
        var rest = all.filter { info in cursor.map { $0 < info.id } ?? true }
        if self.defect == .pagesSkipAStream, cursor != nil, rest.count > 1 { rest.removeFirst() }
        let page = Array(rest.prefix(limit))
        return StreamPage(streams: page, next: rest.count > page.count ? page.last?.id : nil)
    }

    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { try self.find(id).info }

    func find(_ id: StreamID) throws(CacheError) -> ToyStream {
        guard let stream = self.storage.streams.withLock({ $0[id] }) else {
            throw CacheError(.streamNotFound, "No such stream.", streamID: id)
        }
        return stream
    }

    func remove(_ id: StreamID) async throws(CacheError) {
        let stream = try self.storage.streams.withLock { streams throws(CacheError) in
            guard let stream = streams[id] else { throw CacheError(.streamNotFound, "No such stream.", streamID: id) }
            if stream.status.state == .live { throw CacheError(.streamBusy, "It is being written.", streamID: id) }
            streams[id] = nil
            return stream
        }
        if self.defect == .removalLeavesTheListing { self.storage.removed.withLock { $0.append(stream) } }
        self.storage.taken.subtract(1, ordering: .relaxed)
        if self.defect != .removalLeavesTheListing { stream.change { $0.info.state = .removed } }
    }

    func health() async -> BackendHealth { BackendHealth() }

    func run() async throws {
        let (wait, end) = AsyncStream<Never>.makeStream()
        await withTaskCancellationHandler {
            for await _ in wait {}
        } onCancel: {
            end.finish()
        }
    }
}

/// What outlives a toy backend.
final class ToyStorage: Sendable {
    let streams = Mutex<[StreamID: ToyStream]>([:])
    let removed = Mutex<[ToyStream]>([])
    let taken = Atomic<Int>(0)
    let fault = Mutex<BackendFixture.Fault?>(nil)
    private let ticks = Atomic<Int64>(1_700_000_000_000)

    var now: Timestamp { Timestamp(millisecondsSinceEpoch: self.ticks.add(1, ordering: .relaxed).newValue) }
}

final class ToyStream: Sendable {
    struct State {
        var info: StreamInfo
        var epoch: Int64 = 0
        var bytes = ByteBuffer()
        var waiters: [Int: (offset: Int64, state: StreamState, continuation: CheckedContinuation<Bool, Never>)] = [:]
        var lastWaiter = 0

        func isOver(_ offset: Int64, _ state: StreamState) -> Bool {
            self.info.size > offset || self.info.state != state
        }
    }

    let state: Mutex<State>

    init(_ info: StreamInfo) { self.state = Mutex(State(info: info)) }

    var info: StreamInfo { self.state.withLock { $0.info } }

    var status: StreamStatus { self.state.withLock { StreamStatus(size: $0.info.size, state: $0.info.state) } }

    /// Changes the stream, then wakes whoever need not wait any more.
    func change<Value: Sendable>(
        waking: Bool = true,
        _ body: (inout State) throws(CacheError) -> Value
    ) throws(CacheError) -> Value {
        let (value, ready) = try self.state.withLock { state throws(CacheError) in
            let value = try body(&state)
            state.info.size = Int64(state.bytes.readableBytes)
            let ready = waking ? state.waiters.filter { state.isOver($0.value.offset, $0.value.state) } : [:]
            for number in ready.keys { state.waiters[number] = nil }
            return (value, ready.values.map(\.continuation))
        }
        for continuation in ready { continuation.resume(returning: true) }
        return value
    }

    func change(_ body: (inout State) -> Void) {
        // The closure throws nothing.
        try? self.change { (state: inout State) throws(CacheError) -> Void in body(&state) }
    }

    func grown(
        past offset: Int64,
        while expected: StreamState,
        heedsCancellation: Bool
    ) async throws(CacheError) -> StreamStatus {
        let number = self.state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        let isGrown = await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
                let answer: Bool? = self.state.withLock { state in
                    if heedsCancellation, Task.isCancelled { return false }
                    if state.isOver(offset, expected) { return true }
                    state.waiters[number] = (offset, expected, continuation)
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            guard heedsCancellation else { return }
            self.state.withLock { $0.waiters.removeValue(forKey: number) }?.continuation.resume(returning: false)
        }
        guard isGrown else { throw CacheError(.aborted, "The wait was cancelled.") }
        return self.status
    }
}

private final class ToySource: StreamSource {
    private let backend: ToyBackend
    private let id: StreamID
    private let found = Mutex<ToyStream?>(nil)

    init(backend: ToyBackend, id: StreamID) {
        self.backend = backend
        self.id = id
    }

    func open() -> Answer<StreamStatus> {
        .later(
            Later { () async throws(CacheError) in
                await Task.yield()
                let stream = try self.backend.find(self.id)
                self.found.withLock { $0 = stream }
                return stream.status
            }
        )
    }

    private var stream: ToyStream? { self.found.withLock { $0 } }

    var status: StreamStatus { self.stream?.status ?? StreamStatus(size: 0, state: .removed) }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        .later(
            Later { () async throws(CacheError) in
                await Task.yield()
                let isBroken = self.backend.defect == .readsOffByOneAtPageBorder
                let straddles = isBroken && offset / 4_096 != (offset + Int64(count) - 1) / 4_096 && offset % 4_096 != 0
                let bytes = self.stream?.state.withLock { state in
                    state.bytes.getBytes(at: Int(offset) - (straddles ? 1 : 0), length: count)
                }
                guard let bytes else { throw CacheError(.aborted, "The bytes are gone.", streamID: self.id) }
                return ByteBuffer(bytes: bytes)
            }
        )
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        guard let stream = self.stream else { throw CacheError(.streamNotFound, "Not opened.", streamID: self.id) }
        return try await stream.grown(
            past: offset,
            while: state,
            heedsCancellation: self.backend.defect != .cancelledWaitGoesOn
        )
    }
}

private final class ToySink: StreamSink {
    private let backend: ToyBackend
    private let id: StreamID
    private let options: WriteOptions
    private let held = Mutex<(stream: ToyStream, epoch: Int64)?>(nil)
    /// Bytes that a defective sink forgets when it is dropped.
    private let lastCount = Mutex(0)

    init(backend: ToyBackend, id: StreamID, options: WriteOptions) {
        self.backend = backend
        self.id = id
        self.options = options
    }

    private func error(_ code: CacheError.Code, _ message: String) -> CacheError {
        CacheError(code, message, streamID: self.id)
    }

    func open() -> Answer<WritePosition> {
        .later(
            Later { () async throws(CacheError) in
                await Task.yield()
                return try self.openNow()
            }
        )
    }

    private func openNow() throws(CacheError) -> WritePosition {
        let storage = self.backend.storage
        var replaced: ToyStream?
        let (stream, position) = try storage.streams.withLock { streams throws(CacheError) in
            var stream = streams[self.id]
            switch (stream?.status.state, self.options.mode) {
            case (nil, _), (.removed, _): stream = nil
            case (.live, .resume), (.suspended, .resume): break
            case (.live, _):
                guard self.backend.defect == .secondWriterAllowed else {
                    throw self.error(.streamBusy, "It has a writer.")
                }
            case (.suspended, .overwrite), (.sealed, .overwrite):
                replaced = stream
                stream = nil
            case (.suspended, .create), (.sealed, _): throw self.error(.streamExists, "It is there.")
            }
            let opened = stream ?? ToyStream(self.facts)
            if stream == nil {
                streams[self.id] = opened
                if replaced == nil { storage.taken.add(1, ordering: .relaxed) }
            }
            let position = try opened.change { (state: inout ToyStream.State) throws(CacheError) -> WritePosition in
                state.epoch += 1
                state.info.state = .live
                return WritePosition(offset: state.info.size, epoch: state.epoch)
            }
            return (opened, position)
        }
        replaced?.change { $0.info.state = .removed }
        self.held.withLock { $0 = (stream, position.epoch) }
        return position
    }

    private var facts: StreamInfo {
        var info = StreamInfo(id: self.id, state: .live, size: 0, createdAt: self.backend.storage.now)
        info.contentType = self.options.contentType
        info.timeToLiveSeconds = self.options.timeToLiveSeconds
        info.metadata = self.options.metadata
        return info
    }

    /// Changes the stream as its writer, if this one still is.
    private func change<Value: Sendable>(
        waking: Bool = true,
        _ body: (inout ToyStream.State) throws(CacheError) -> Value
    ) throws(CacheError) -> Value {
        guard let held = self.held.withLock({ $0 }) else { throw self.error(.streamBusy, "The writer is not open.") }
        let isLax = self.backend.defect == .oldWriterStillLands || self.backend.defect == .secondWriterAllowed
        return try held.stream.change(waking: waking) { state throws(CacheError) in
            guard state.info.state == .live, isLax || state.epoch == held.epoch else {
                throw self.error(.streamBusy, "Somebody took over.")
            }
            return try body(&state)
        }
    }

    func append(count: Int, filling fill: (inout OutputRawSpan) -> Void) throws(CacheError) -> AppendResult {
        let fault = self.backend.storage.fault.withLock { $0 }
        let isLossy = self.backend.defect == .fullStorageLosesTheStream
        try self.change { state throws(CacheError) in
            if fault == .storageFull {
                if isLossy { state.bytes.clear() }
                throw self.error(.storageFull, "Full, as asked for.")
            }
            if fault == .writesFail { throw self.error(.io, "Failed, as asked for.") }
            state.bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: count) { memory in
                let target = UnsafeMutableRawBufferPointer(rebasing: memory[..<count])
                var span = OutputRawSpan(buffer: target, initializedCount: 0)
                fill(&span)
                return span.finalize(for: target)
            }
        }
        self.lastCount.withLock { $0 = count }
        return .pause(Later { () async throws(CacheError) in await Task.yield() })
    }

    func flush() {}

    func finish(expecting sha256: SHA256Value?) async throws(CacheError) -> StreamInfo {
        await Task.yield()
        let defect = self.backend.defect
        let now = self.backend.storage.now
        return try self.change(waking: defect != .waitsDoNotEndAtSealing) { state throws(CacheError) in
            var bytes = state.bytes
            if defect == .digestLeavesOutTheLastByte, bytes.readableBytes > 0 {
                bytes.moveWriterIndex(to: bytes.writerIndex - 1)
            }
            let digest = bytes.withUnsafeReadableBytes { bytes in
                var hasher = SHA256()
                hasher.update(bufferPointer: bytes)
                return SHA256Value(bytes: hasher.finalize())
            }
            if let sha256, sha256 != digest {
                state.info.state = .suspended
                if defect == .mismatchForgetsTheBytes { state.bytes.clear() }
                state.info.size = Int64(state.bytes.readableBytes)
                return Result<StreamInfo, CacheError>.failure(self.error(.digestMismatch, "The digest differs."))
            }
            state.info.state = .sealed
            state.info.sha256 = digest
            state.info.sealedAt = now
            state.info.durability = .memory
            return .success(state.info)
        }.get()
    }

    func abort() async throws(CacheError) {
        await Task.yield()
        try self.change { $0.info.state = .removed }
        self.backend.storage.streams.withLock { $0[self.id] = nil }
        if self.backend.defect != .abortLeavesRoomTaken { self.backend.storage.taken.subtract(1, ordering: .relaxed) }
    }

    func suspend() {
        let forgotten = self.backend.defect == .dropForgetsTheLastBytes ? self.lastCount.withLock { $0 } : 0
        // Nothing to be done where the stream has another writer.
        try? self.change { state in
            state.bytes.moveWriterIndex(to: state.bytes.writerIndex - forgotten)
            state.info.state = .suspended
        }
    }
}
