import CacheProtocol
import NIOCore
import Synchronization

/// A stream that only the cold tier has, for all its readers: blocks that are fetched once for everybody who wants them,
/// and the part that the hot tier has by now.
final class ColdStream: Sendable {
    /// How many blocks are asked for at once by who goes through the stream.
    private static let longestRun: Int64 = 4
    /// How many blocks are kept that nobody waits for: for each that goes through the stream, the hot tier's filling among
    /// them, those that it reads and those that come next.
    private static func keptBlocks(for readers: Int) -> Int {
        2 + min(readers, ReadAhead.mostPlaces) * 2 * Int(Self.longestRun)
    }
    /// As many where all streams together keep much.
    private static let keptBlocksInNeed = 2

    let info: StreamInfo
    private let store: TieredStore
    private let blockSize: Int64
    private let lookedUpAt: Int64
    private let state: Mutex<State>

    private struct State {
        var readers = 0
        var isOver = false
        var isStopped = false
        var isFilling = false
        var reader: StreamReader?
        var blocks: [Int64: ByteBuffer] = [:]
        /// The blocks' numbers, the one used longest ago in front.
        var recent: [Int64] = []
        var readAhead = ReadAhead(longest: ColdStream.longestRun)
        var waiting: [Int64: [CheckedContinuation<Result<ByteBuffer, CacheError>, Never>]] = [:]
        /// Reads the hot tier's part, and in the end its whole.
        var hotReader: StreamReader?
        var fillWaiters: [CheckedContinuation<Void, Never>] = []

        /// The block was used.
        mutating func use(_ number: Int64) {
            self.recent.removeAll { $0 == number }
            self.recent.append(number)
        }

        mutating func drop(_ number: Int64) {
            self.recent.removeAll { $0 == number }
            self.blocks[number] = nil
        }
    }

    /// - Parameters:
    ///   - info: The stream, as the cold tier has it now.
    ///   - reader: A reader of it, if there is one already.
    ///   - store: Both tiers.
    init(_ info: StreamInfo, reader: StreamReader?, store: TieredStore) {
        self.info = info
        self.store = store
        self.blockSize = Int64(store.configuration.fetchSize)
        self.lookedUpAt = store.clock.monotonic()
        var state = State()
        if let reader, Self.isReader(reader.status, of: info) { state.reader = reader }
        self.state = Mutex(state)
    }

    deinit { self.store.fills.hold(-self.state.withLock { $0.blocks.count } * Int(self.blockSize)) }

    private static func isReader(_ status: StreamStatus, of info: StreamInfo) -> Bool {
        status == StreamStatus(size: info.size, state: .sealed)
    }

    /// Whether the cold tier was asked about it within the time for which its answer holds, and it was not removed since.
    var isRecent: Bool {
        !self.isStopped
            && self.store.clock.monotonic() - self.lookedUpAt < self.store.configuration.revalidationMilliseconds
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
        let number = offset / self.blockSize
        let (slice, hotReader) = self.state.withLock { state -> (ByteBuffer?, StreamReader?) in
            if let bytes = state.blocks[number] { return (self.slice(bytes, offset, count), nil) }
            return (nil, state.hotReader)
        }
        if let slice {
            self.fetchAhead(of: number)
            return .now(slice)
        }
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
        let result = await withCheckedContinuation { continuation in
            let (known, isFirst) = self.state.withLock { state -> (ByteBuffer?, Bool) in
                if let bytes = state.blocks[number] {
                    state.use(number)
                    return (bytes, false)
                }
                let isFirst = state.waiting[number] == nil
                state.waiting[number, default: []].append(continuation)
                return (nil, isFirst)
            }
            if isFirst { self.beginFetching(number..<number + 1) }
            self.fetchAhead(of: number)
            if let known { continuation.resume(returning: .success(known)) }
        }
        return try result.get()
    }

    private func fetchAhead(of number: Int64) {
        guard self.store.fills.hasRoom else { return }
        let ahead = self.state.withLock { state in
            let (blocks, waiting) = (state.blocks, state.waiting)
            let ahead = state.readAhead.blocks(wanting: number, of: self.blockCount) { other in
                blocks[other] != nil || waiting[other] != nil
            }
            for other in ahead ?? 0..<0 { state.waiting[other] = [] }
            return ahead
        }
        if let ahead { self.beginFetching(ahead) }
    }

    /// Has blocks fetched by the backend, and not by whoever wants them first, who may go away while others wait.
    private func beginFetching(_ numbers: Range<Int64>) {
        guard !self.store.jobs.submit({ await self.fetch(numbers) }) else { return }
        let failure = CacheError(.shuttingDown, "The gateway is going down.", streamID: self.info.id)
        self.deliver(numbers, .failure(failure))
    }

    private func fetch(_ numbers: Range<Int64>) async {
        do throws(CacheError) {
            self.deliver(numbers, .success(try await self.load(numbers)))
        } catch {
            self.deliver(numbers, .failure(error))
        }
    }

    private func deliver(_ numbers: Range<Int64>, _ result: Result<ByteBuffer, CacheError>) {
        for number in numbers {
            let block = result.map { bytes in
                let start = Int((number - numbers.lowerBound) * self.blockSize)
                let length = min(Int(self.blockSize), bytes.readableBytes - start)
                return bytes.getSlice(at: bytes.readerIndex + start, length: length) ?? ByteBuffer()
            }
            let waiting = self.state.withLock { state in
                if case .success(let bytes) = block { self.keep(number, bytes, &state) }
                return state.waiting.removeValue(forKey: number) ?? []
            }
            for continuation in waiting { continuation.resume(returning: block) }
        }
    }

    private func keep(_ number: Int64, _ bytes: ByteBuffer, _ state: inout State) {
        let readers = state.readers + (state.isFilling ? 1 : 0)
        let most = self.store.fills.hasRoom ? Self.keptBlocks(for: readers) : Self.keptBlocksInNeed
        self.holding(&state) { state in
            state.use(number)
            state.blocks[number] = bytes
            while state.recent.count > most { state.drop(state.recent[0]) }
        }
    }

    /// Changes which blocks are kept, and tells what that comes to.
    private func holding(_ state: inout State, _ change: (inout State) -> Void) {
        let before = state.blocks.count
        change(&state)
        self.store.fills.hold((state.blocks.count - before) * Int(self.blockSize))
    }

    private func load(_ numbers: Range<Int64>) async throws(CacheError) -> ByteBuffer {
        let start = numbers.lowerBound * self.blockSize
        let end = min(numbers.upperBound * self.blockSize, self.info.size)
        let reader = try await self.coldReader()
        return try await self.store.cold.ask(about: self.info.id, isPatient: true) { _ throws(CacheError) in
            var bytes = try await reader.read(at: start, count: Int(end - start)).value()
            while start + Int64(bytes.readableBytes) < end {
                let position = start + Int64(bytes.readableBytes)
                var more = try await reader.read(at: position, count: Int(end - position)).value()
                bytes.writeBuffer(&more)
            }
            return bytes
        }
    }

    private func coldReader() async throws(CacheError) -> StreamReader {
        if let reader = self.state.withLock({ $0.reader }) { return reader }
        let reader = try await self.store.cold.ask(about: self.info.id, isPatient: true) { _ throws(CacheError) in
            let reader = try self.store.cold.makeReader(of: self.info.id)
            let status = try await reader.opened().value()
            guard Self.isReader(status, of: self.info) else {
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
    func filled(_ number: Int64) {
        self.state.withLock { state in self.holding(&state) { $0.drop(number) } }
    }

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
