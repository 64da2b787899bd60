import CacheProtocol
import NIOCore
import Synchronization

/// A stream that only the cold tier has, for all its readers: blocks that are fetched once for everybody who wants them,
/// and the part that the hot tier has by now.
final class ColdStream: Sendable {
    /// How many blocks are kept that nobody waits for: while the hot tier is being filled, those that it has not got yet.
    private static func keptBlocks(isFilling: Bool) -> Int { isFilling ? 16 : 4 }

    let info: StreamInfo
    private let store: TieredStore
    private let blockSize: Int64
    private let state = Mutex(State())

    private struct State {
        var readers = 0
        var isOver = false
        var isStopped = false
        var isFilling = false
        var reader: StreamReader?
        var blocks: [Int64: ByteBuffer] = [:]
        /// The blocks' numbers, the one used longest ago in front.
        var recent: [Int64] = []
        var lastWanted: Int64 = -1
        var waiting: [Int64: [CheckedContinuation<Result<ByteBuffer, CacheError>, Never>]] = [:]
        /// Reads the hot tier's part, and in the end its whole.
        var hotReader: StreamReader?
        var fillWaiters: [CheckedContinuation<Void, Never>] = []

        mutating func keep(_ number: Int64, _ bytes: ByteBuffer) {
            self.recent.removeAll { $0 == number }
            self.recent.append(number)
            self.blocks[number] = bytes
            if self.recent.count > ColdStream.keptBlocks(isFilling: self.isFilling) { self.drop(self.recent[0]) }
        }

        mutating func drop(_ number: Int64) {
            self.recent.removeAll { $0 == number }
            self.blocks[number] = nil
        }
    }

    init(_ info: StreamInfo, store: TieredStore) {
        self.info = info
        self.store = store
        self.blockSize = Int64(store.configuration.fetchSize)
    }

    var blockCount: Int64 { (self.info.size + self.blockSize - 1) / self.blockSize }

    // MARK: Readers

    /// A reader comes.
    ///
    /// - Returns: `false` where the last one has gone, and the object with it.
    func enter() -> Bool {
        self.state.withLock { state in
            guard !state.isOver else { return false }
            state.readers += 1
            return true
        }
    }

    /// A reader goes.
    func leave() { self.change { $0.readers -= 1 } }

    /// Changes the state, and ends the object where nobody needs it after that.
    private func change(_ change: (inout State) -> Void) {
        let isOver = self.state.withLock { state in
            change(&state)
            // While it is being filled, the hot tier's part must be known as such.
            guard state.readers == 0, !state.isFilling, !state.isOver else { return false }
            state.isOver = true
            return true
        }
        if isOver { self.store.fills.remove(self) }
    }

    // MARK: Bytes

    /// Bytes that are at hand.
    func now(at offset: Int64, count: Int) -> Answer<ByteBuffer>? {
        let (slice, hotReader) = self.state.withLock { state -> (ByteBuffer?, StreamReader?) in
            if let bytes = state.blocks[offset / self.blockSize] { return (self.slice(bytes, offset, count), nil) }
            return (nil, state.hotReader)
        }
        if let slice { return .now(slice) }
        guard let hotReader, hotReader.status.size > offset else { return nil }
        return try? hotReader.read(at: offset, count: count)
    }

    /// Bytes, fetched where they are not at hand.
    func bytes(at offset: Int64, count: Int) async throws(CacheError) -> ByteBuffer {
        if let answer = self.now(at: offset, count: count) {
            do throws(CacheError) {
                return try await answer.value()
            } catch {
                // The hot tier's part went away; the cold tier still has everything.
                self.state.withLock { $0.hotReader = nil }
            }
        }
        return self.slice(try await self.block(offset / self.blockSize), offset, count)
    }

    private func slice(_ block: ByteBuffer, _ offset: Int64, _ count: Int) -> ByteBuffer {
        let start = Int(offset % self.blockSize)
        let length = min(count, block.readableBytes - start)
        return block.getSlice(at: block.readerIndex + start, length: max(0, length)) ?? ByteBuffer()
    }

    /// A block. Whoever wants it while it is on its way waits for the same one.
    func block(_ number: Int64) async throws(CacheError) -> ByteBuffer {
        self.fetchAhead(of: number)
        let result = await withCheckedContinuation { continuation in
            let (known, isFirst) = self.state.withLock { state -> (ByteBuffer?, Bool) in
                if let bytes = state.blocks[number] {
                    state.keep(number, bytes)
                    return (bytes, false)
                }
                let isFirst = state.waiting[number] == nil
                state.waiting[number, default: []].append(continuation)
                return (nil, isFirst)
            }
            if let known { return continuation.resume(returning: .success(known)) }
            if isFirst { self.beginFetching(number) }
        }
        return try result.get()
    }

    /// Has the next block fetched while somebody goes through the stream: a store answers each request after a while, which
    /// is then spent twice at a time.
    private func fetchAhead(of number: Int64) {
        let next = number + 1
        let isWorthIt = self.state.withLock { state -> Bool in
            // Who wants a part of the stream has not wanted the block before, and may not want the next one.
            let goesOn = number > 0 && (state.lastWanted == number - 1 || state.lastWanted == number)
            state.lastWanted = number
            guard goesOn, next < self.blockCount, state.blocks[next] == nil, state.waiting[next] == nil else {
                return false
            }
            state.waiting[next] = []
            return true
        }
        if isWorthIt { self.beginFetching(next) }
    }

    /// Has a block fetched by the backend, and not by whoever wants it first, who may go away while others wait.
    private func beginFetching(_ number: Int64) {
        guard !self.store.jobs.submit({ await self.fetch(number) }) else { return }
        let failure = CacheError(.shuttingDown, "The gateway is going down.", streamID: self.info.id)
        self.deliver(number, .failure(failure))
    }

    private func fetch(_ number: Int64) async {
        do throws(CacheError) {
            self.deliver(number, .success(try await self.load(number)))
        } catch {
            self.deliver(number, .failure(error))
        }
    }

    private func deliver(_ number: Int64, _ result: Result<ByteBuffer, CacheError>) {
        let waiting = self.state.withLock { state in
            if case .success(let bytes) = result { state.keep(number, bytes) }
            return state.waiting.removeValue(forKey: number) ?? []
        }
        for continuation in waiting { continuation.resume(returning: result) }
    }

    private func load(_ number: Int64) async throws(CacheError) -> ByteBuffer {
        let start = number * self.blockSize
        let end = min(start + self.blockSize, self.info.size)
        let reader = try await self.coldReader()
        return try await self.store.cold.ask(about: self.info.id, isPatient: true) { _ throws(CacheError) in
            var block = try await reader.read(at: start, count: Int(end - start)).value()
            while start + Int64(block.readableBytes) < end {
                let position = start + Int64(block.readableBytes)
                var more = try await reader.read(at: position, count: Int(end - position)).value()
                block.writeBuffer(&more)
            }
            return block
        }
    }

    private func coldReader() async throws(CacheError) -> StreamReader {
        if let reader = self.state.withLock({ $0.reader }) { return reader }
        let reader = try await self.store.cold.ask(about: self.info.id, isPatient: true) { backend throws(CacheError) in
            let reader = try backend.makeReader(for: self.info.id)
            let status = try await reader.opened().value()
            guard status == StreamStatus(size: self.info.size, state: .sealed) else {
                throw CacheError(.aborted, "The stream was replaced while it was being read.", streamID: self.info.id)
            }
            return reader
        }
        self.state.withLock { $0.reader = reader }
        return reader
    }

    // MARK: Filling the hot tier

    /// Whether everybody who read is gone.
    var isUnread: Bool { self.state.withLock { $0.readers == 0 } }

    /// Whether the filling must end: the stream is being removed.
    var isStopped: Bool { self.state.withLock { $0.isStopped } }

    /// The filling begins.
    func beginFilling() { self.state.withLock { $0.isFilling = true } }

    /// The hot tier has a part, which grows, and from which readers may read.
    func serve(from reader: StreamReader) { self.state.withLock { $0.hotReader = reader } }

    /// The hot tier has a block, and those before it.
    func filled(_ number: Int64) { self.state.withLock { $0.drop(number) } }

    /// The filling has ended.
    ///
    /// - Parameter isKept: Whether the hot tier has the whole stream; else it has nothing of it.
    func endFilling(isKept: Bool) {
        let waiters = self.state.withLock { state in
            if !isKept { state.hotReader = nil }
            let waiters = state.fillWaiters
            state.fillWaiters = []
            return waiters
        }
        self.change { $0.isFilling = false }
        for waiter in waiters { waiter.resume() }
    }

    /// Ends the filling, and waits for that: the stream is being removed.
    func stop() async {
        await withCheckedContinuation { continuation in
            let isFilling = self.state.withLock { state in
                state.isStopped = true
                if state.isFilling { state.fillWaiters.append(continuation) }
                return state.isFilling
            }
            if !isFilling { continuation.resume() }
        }
    }
}
