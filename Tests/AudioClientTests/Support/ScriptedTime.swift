import NIOCore
import NIOEmbedded
import Synchronization
import Wire

@testable import AudioClient

/// The client's end of a connection without a socket, whose time passes only where a test lets it.
///
/// For everything that is about waiting: over a real socket such a test would measure how busy the machine is.
final class ScriptedTime {
    /// How long the client waits before it wonders.
    static let answerTimeout = Duration.seconds(10)

    let handler: ConnectionHandler
    /// How many bytes the server's system has not taken, where the client can know that.
    let sendQueue = Amount()
    private let channel = EmbeddedChannel()
    private var parser = FrameParser(role: .server)

    /// An amount that a test sets and the client looks at.
    final class Amount: Sendable {
        private let amount = Mutex<Int64?>(nil)

        var value: Int64? {
            get { self.amount.withLock { $0 } }
            set { self.amount.withLock { $0 = newValue } }
        }
    }

    init(isOurGateway: Bool = true) throws {
        let sendQueue = self.sendQueue
        let settings = ConnectionSettings(
            answerTimeout: Self.answerTimeout,
            pipelineDepth: 1,
            logger: ClientLog.silent,
            sendQueue: { _ in sendQueue.value }
        )
        self.handler = ConnectionHandler(settings: settings, isOurGateway: isOurGateway)
        try self.channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
        try self.channel.pipeline.syncOperations.addHandler(self.handler)
    }

    var eventLoop: EmbeddedEventLoop { self.channel.embeddedEventLoop }

    /// The answer timeout passes.
    func pass() { self.eventLoop.advanceTime(by: Self.answerTimeout.timeAmount) }

    /// What the client has sent since it was asked last, in a word each.
    func sent() throws -> [String] {
        var words: [String] = []
        while var bytes = try self.channel.readOutbound(as: ByteBuffer.self) {
            while let event = try self.parser.next(&bytes) {
                switch event {
                case .binary(let bytes, _): words.append("\(bytes.bytes.readableBytes) bytes")
                case .text(let text):
                    if case .subscribe = try ClientRequest(json: text).message {
                        words.append("subscribe")
                    } else {
                        words.append("another message")
                    }
                case .ping: words.append("ping")
                case .pong: words.append("pong")
                case .close(let code, _): words.append("close \(code?.rawValue ?? 0)")
                }
            }
        }
        return words
    }

    /// The server sends a frame.
    func receive(_ opcode: Opcode, _ payload: [UInt8] = []) throws {
        var frame = ByteBuffer()
        frame.writeFrame(opcode, payload: ByteBuffer(bytes: payload))
        try self.channel.writeInbound(frame)
    }

    /// The server sends a message.
    func receive(_ text: String) throws { try self.receive(.text, Array(text.utf8)) }
}
