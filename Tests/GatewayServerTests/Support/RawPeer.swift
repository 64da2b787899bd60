import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The client's end of a connection, which does exactly what it is told: sends any bytes, and reads only what it is asked
/// to read. It knows nothing of the server's own reading and writing of frames.
final class RawPeer: Sendable {
    /// Something else came than was expected.
    struct Surprise: Error, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    /// How long anything may take before a test fails; nothing ever waits so long that works.
    private static let patience = TimeAmount.seconds(60)

    let channel: any Channel
    private let inbox: NIOLoopBound<Inbox>

    private init(_ channel: any Channel, _ inbox: NIOLoopBound<Inbox>) {
        self.channel = channel
        self.inbox = inbox
    }

    /// Opens a TCP connection.
    ///
    /// - Parameters:
    ///   - port: The server's port on this machine.
    ///   - receiveBuffer: How many bytes the kernel is to take that nobody has read; its own choice by default.
    static func connect(port: Int, receiveBuffer: Int? = nil) async throws -> RawPeer {
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connectTimeout(Self.patience)
            .channelOption(.autoRead, value: false)
            .channelOption(.allowRemoteHalfClosure, value: true)
        if let receiveBuffer { bootstrap = bootstrap.channelOption(.socketOption(.so_rcvbuf), value: receiveBuffer) }
        return try await bootstrap.connect(host: "127.0.0.1", port: port) { channel in
            channel.eventLoop.makeCompletedFuture {
                let inbox = Inbox()
                try channel.pipeline.syncOperations.addHandler(inbox)
                return RawPeer(channel, NIOLoopBound(inbox, eventLoop: channel.eventLoop))
            }
        }
    }

    // MARK: Sending

    /// Sends bytes, without waiting until they are taken.
    func send(_ bytes: ByteBuffer) { self.channel.writeAndFlush(bytes, promise: nil) }

    /// Sends bytes, without waiting until they are taken.
    func send(_ bytes: [UInt8]) { self.send(ByteBuffer(bytes: bytes)) }

    /// Sends text, without waiting until it is taken.
    func send(_ text: String) { self.send(ByteBuffer(string: text)) }

    /// Says at the TCP level that nothing more will come; whatever was sent before goes out first.
    func finishSending() async throws { try await self.channel.close(mode: .output) }

    /// Closes the TCP connection without a word.
    func drop() async {
        try? await self.channel.close()
    }

    /// Breaks the connection: the server gets a reset.
    func reset() async throws {
        guard let options = self.channel as? any SocketOptionProvider else { throw Surprise("no socket") }
        try await options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).get()
        await self.drop()
    }

    // MARK: Receiving

    /// Waits until the bytes that came have what is wanted.
    ///
    /// - Parameters:
    ///   - what: What is waited for, as it reads after "waiting for".
    ///   - parse: Takes it from the bytes, or returns `nil` where there is not enough yet.
    func take<Value: Sendable>(
        _ what: String,
        _ parse: @escaping @Sendable (inout ByteBuffer) throws -> Value?
    ) async throws -> Value {
        try await self.expect(what) { unread, isEnded in
            if let value = try parse(&unread) { return value }
            guard !isEnded else {
                throw Surprise("the connection ended, waiting for \(what); unread: \(Self.text(unread))")
            }
            return nil
        }
    }

    /// Waits until the server has nothing more to say; nothing may come before that. The connection is still open on
    /// this side.
    func expectEnd() async throws {
        try await self.expect("the end") { unread, isEnded -> Bool? in
            guard unread.readableBytes == 0 else { throw Surprise("not the end but \(Self.text(unread))") }
            return isEnded ? true : nil
        }
    }

    /// Waits until the server has nothing more to say, whatever comes before that.
    ///
    /// - Returns: What came.
    @discardableResult
    func readToEnd() async throws -> ByteBuffer {
        try await self.expect("the end") { unread, isEnded in
            guard isEnded else { return nil }
            return unread.readSlice(length: unread.readableBytes)
        }
    }

    @discardableResult
    private func expect<Value: Sendable>(
        _ what: String,
        _ look: @escaping @Sendable (inout ByteBuffer, _ isEnded: Bool) throws -> Value?
    ) async throws -> Value {
        let eventLoop = self.channel.eventLoop
        let inbox = self.inbox
        return try await eventLoop.flatSubmit {
            let promise = eventLoop.makePromise(of: Value.self)
            let timer = eventLoop.scheduleTask(in: Self.patience) {
                inbox.value.expect(nil)
                promise.fail(Surprise("waited too long for \(what)"))
            }
            inbox.value.expect { unread, isEnded in
                do {
                    guard let value = try look(&unread, isEnded) else { return false }
                    promise.succeed(value)
                } catch {
                    promise.fail(error)
                }
                timer.cancel()
                return true
            }
            return promise.futureResult
        }.get()
    }

    private static func text(_ bytes: ByteBuffer) -> String {
        "\(bytes.readableBytes) bytes, \(String(String(buffer: bytes).prefix(200)).debugDescription)"
    }
}
