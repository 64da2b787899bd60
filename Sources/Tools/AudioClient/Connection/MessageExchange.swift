package import NIOCore
package import Wire

/// A message as RFC 6455 knows it: whole, and of no meaning yet.
package enum RawMessage: Sendable {
    /// Text; UTF-8 where the limits of the connection ask for it.
    case text(ByteBuffer)
    /// Bytes.
    case binary(ByteBuffer)
}

/// Hands on each message of the server as it is, and sends what comes back for it, until the connection ends.
final class MessageExchange: Activity {
    let name = "exchanging messages"
    private(set) var progress: Int64 = 0
    private let respond: @Sendable (RawMessage) -> RawMessage?
    /// The binary message that is coming.
    private var binary = ByteBuffer()

    init(respond: @escaping @Sendable (RawMessage) -> RawMessage?) { self.respond = respond }

    func begin(on line: ConnectionHandler) {}

    func takes(_ text: ByteBuffer, on line: ConnectionHandler) -> Bool {
        self.received(.text(text), on: line)
        return true
    }

    func received(_ message: ServerMessage, on line: ConnectionHandler) {}

    func received(_ payload: ByteBuffer, endsMessage: Bool, on line: ConnectionHandler) {
        self.progress += 1
        self.binary.writeImmutableBuffer(payload)
        guard endsMessage else { return }
        let message = self.binary
        self.binary = ByteBuffer()
        self.received(.binary(message), on: line)
    }

    func failed(_ error: ClientError) {}

    private func received(_ message: RawMessage, on line: ConnectionHandler) {
        self.progress += 1
        switch self.respond(message) {
        case .text(let text): line.send(.text, text)
        case .binary(let bytes): line.send(.binary, bytes)
        case .none: break
        }
    }
}

extension WebSocketClient {
    /// Opens a connection and answers messages on it until it ends: the client's WebSocket layer without the meaning
    /// that it gives to messages, for the conformance suite.
    ///
    /// - Parameters:
    ///   - limits: How much of what the server sends is accepted.
    ///   - respond: Makes the answer to a message, or none; called on the event loop.
    /// - Throws: ``ClientError`` where connecting failed; how the connection ended later is not told.
    package func exchangeMessages(
        limits: FrameParser.Limits,
        respond: @escaping @Sendable (RawMessage) -> RawMessage?
    ) async throws(ClientError) {
        var settings = self.settings
        settings.frameLimits = limits
        settings.firstActivity = { MessageExchange(respond: respond) }
        let connection = try await self.connect(with: settings)
        do {
            try await withTaskCancellationHandler {
                try await connection.channel.closeFuture.get()
            } onCancel: {
                connection.channel.close(promise: nil)
            }
        } catch {
            throw ErrorHandler.clientError(error, while: "exchanging messages")
        }
    }
}
