import Crypto
import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Bytes that come when they come: standard input as a rule, with a microphone behind it.
///
/// Read on a thread of its own account, off the event loops, and kept for as long as they may have to be sent again.
/// Where the server is away for so long that there is no more room, reading stops, and whoever writes waits.
public final class LiveInput: Sendable {
    /// How many bytes are kept at most.
    public static let defaultLimit = 16 << 20

    private struct State {
        var window: ReplayWindow
        /// The next byte to send.
        var position: Int64 = 0
        /// The digest of everything, once all was read.
        var sha256: String?
        var failure: ClientError?
        var wake: (@Sendable () -> Void)?

        var isOver: Bool { self.sha256 != nil || self.failure != nil }
        var isReadable: Bool { self.isOver || self.position < self.window.end }
    }

    /// What one reading came to.
    private enum Reading: Sendable {
        case bytes(ByteBuffer, SHA256)
        case nothingYet
        case end
    }

    private let descriptor: Int32
    private let name: String
    private let chunkSize: Int
    private let state: Mutex<State>
    private let room: AsyncStream<Void>
    private let roomSignal: AsyncStream<Void>.Continuation

    /// Takes a descriptor, which stays open.
    ///
    /// - Parameters:
    ///   - descriptor: What to read.
    ///   - name: What to call it in sentences.
    ///   - chunkSize: The most bytes to read at once.
    ///   - limit: How many bytes to keep at most.
    public init(
        descriptor: Int32 = 0,
        name: String = "standard input",
        chunkSize: Int = ClientConfiguration.defaultChunkSize,
        limit: Int = LiveInput.defaultLimit
    ) {
        self.descriptor = descriptor
        self.name = name
        self.chunkSize = max(1, min(chunkSize, limit))
        self.state = Mutex(State(window: ReplayWindow(limit: limit)))
        (self.room, self.roomSignal) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// The SHA-256 of all bytes, once the end was read.
    public var sha256: String? { self.state.withLock { $0.sha256 } }

    /// Reads up to the end, or until the task is cancelled. Call it once.
    public func run() async {
        var hash = SHA256()
        var room = self.room.makeAsyncIterator()
        while !Task.isCancelled {
            let space = self.state.withLock { $0.window.room(keeping: $0.position) }
            guard space >= self.chunkSize else {
                _ = await room.next()
                continue
            }
            do throws(ClientError) {
                switch try await self.read(hash) {
                case .nothingYet: continue
                case .bytes(let bytes, let next):
                    hash = next
                    self.change { state in bytes.withUnsafeReadableBytes { state.window.append($0) } }
                case .end:
                    let digest = StreamHasher.hexadecimal(hash.finalize())
                    return self.change { $0.sha256 = digest }
                }
            } catch {
                return self.change { $0.failure = error }
            }
        }
    }

    private func change(_ body: (inout State) -> Void) {
        let wake = self.state.withLock { state in
            body(&state)
            defer { state.wake = nil }
            return state.wake
        }
        wake?()
    }

    private func read(_ hash: SHA256) async throws(ClientError) -> Reading {
        let (descriptor, name, chunkSize) = (self.descriptor, self.name, self.chunkSize)
        return try await Verification.offLoop("reading \(name)") { _ throws(ClientError) in
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            // Short enough for an interrupt to be felt at once, long enough to cost nothing.
            // A number that is none would be passed over by poll(2), and is for read(2) to refuse.
            let ready = descriptor < 0 ? 1 : poll(&entry, 1, 100)
            // The interrupt itself may end it, and then read(2) would wait for bytes that nobody wants.
            if ready == 0 || ready < 0 && errno == EINTR { return .nothingYet }
            var bytes = ByteBufferAllocator().buffer(capacity: chunkSize)
            var number: Int32 = 0
            let count = bytes.writeWithUnsafeMutableBytes(minimumWritableBytes: chunkSize) { target in
                #if canImport(Glibc)
                let count = Glibc.read(descriptor, target.baseAddress, chunkSize)
                #elseif canImport(Musl)
                let count = Musl.read(descriptor, target.baseAddress, chunkSize)
                #else
                let count = Darwin.read(descriptor, target.baseAddress, chunkSize)
                #endif
                if count < 0 { number = errno }
                return max(0, count)
            }
            if number == EINTR || number == EAGAIN { return .nothingYet }
            guard number == 0 else { throw ErrorHandler.file("read", name, number, .io) }
            guard count > 0 else { return .end }
            var hash = hash
            bytes.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
            return .bytes(bytes, hash)
        }
    }
}

/// What of a live input is still to be sent.
public struct LiveChunkSource: ChunkSource {
    private let input: LiveInput

    /// Makes a source; an input has one at a time.
    ///
    /// - Parameter input: The input, which somebody runs meanwhile.
    public init(_ input: LiveInput) { self.input = input }

    /// Nobody knows how much will come.
    public var size: Int64? { nil }

    /// So often that little is kept for long, so seldom that nobody notices.
    public var acknowledgementInterval: Int64? { 256 << 10 }

    /// Reads what is there; see ``ChunkSource/read(into:)``.
    public mutating func read(into target: UnsafeMutableRawBufferPointer) throws(ClientError) -> Int {
        try self.input.take(into: target)
    }

    /// Goes back to what was sent before; see ``ChunkSource/seek(to:)``.
    public mutating func seek(to offset: Int64) throws(ClientError) { try self.input.seek(to: offset) }

    /// Whether all was read, and nothing will come; see ``ChunkSource/isAtEnd``.
    public var isAtEnd: Bool { self.input.isDrained }

    /// Waits for what is to come; see ``ChunkSource/whenReadable(_:)``.
    public func whenReadable(_ wake: @escaping @Sendable () -> Void) { self.input.whenReadable(wake) }

    /// Lets go of what need not be sent again; see ``ChunkSource/stored(upTo:)``.
    public func stored(upTo offset: Int64) { self.input.forget(before: offset) }
}

extension LiveInput {
    fileprivate var isDrained: Bool { self.state.withLock { $0.sha256 != nil && $0.position == $0.window.end } }

    fileprivate func take(into target: UnsafeMutableRawBufferPointer) throws(ClientError) -> Int {
        let (count, failure) = self.state.withLock { state -> (Int, ClientError?) in
            let count = state.window.copy(from: state.position, into: target)
            state.position += Int64(count)
            return (count, count == 0 ? state.failure : nil)
        }
        if let failure { throw failure }
        if count > 0 { self.roomSignal.yield() }
        return count
    }

    fileprivate func seek(to offset: Int64) throws(ClientError) {
        let base = self.state.withLock { state -> Int64? in
            guard state.window.contains(offset) else { return state.window.base }
            state.position = offset
            return nil
        }
        guard let base else { return }
        throw ClientError(
            .io,
            "The server wants \(self.name) from byte \(offset) on; what is before byte \(base) is not kept any more, and what "
                + "is after the last byte read has not come.",
            remedy: "What the server has of the stream stays there; begin another one."
        )
    }

    fileprivate func whenReadable(_ wake: @escaping @Sendable () -> Void) {
        let isReadable = self.state.withLock { state in
            state.wake = state.isReadable ? nil : wake
            return state.isReadable
        }
        if isReadable { wake() }
    }

    fileprivate func forget(before offset: Int64) {
        self.state.withLock { $0.window.forget(before: min(offset, $0.position)) }
        self.roomSignal.yield()
    }
}
