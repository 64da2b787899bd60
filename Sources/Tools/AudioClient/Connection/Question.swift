import Logging
import NIOCore
import Wire

/// One control message and its answer.
final class Question: Activity {
    let name: String
    /// How often the server told meanwhile that it has stored more of an upload.
    private(set) var progress: Int64 = 0
    private let request: ClientRequest
    private let rule: AnswerRule
    private let promise: EventLoopPromise<ServerMessage>

    init(
        _ request: ClientRequest,
        answeredBy kind: ServerMessage.Kind,
        name: String,
        promise: EventLoopPromise<ServerMessage>
    ) {
        self.request = request
        self.rule = AnswerRule(expected: kind, requestID: request.requestID)
        self.name = name
        self.promise = promise
    }

    func begin(on line: ConnectionHandler) {
        line.send(self.request)
        line.flush()
    }

    func received(_ message: ServerMessage, on line: ConnectionHandler) {
        switch self.rule.verdict(on: message) {
        case .answer:
            line.finished()
            self.promise.succeed(message)
        case .refusal:
            line.finished()
            self.promise.fail(ErrorHandler.refused(message, while: self.name))
        case .unrelated where message.kind == .ack: self.progress += 1
        case .unrelated:
            line.logger.debug("passed over a message that is no answer", metadata: ["type": "\(message.kind)"])
        }
    }

    func received(_ payload: ByteBuffer, endsMessage: Bool, on line: ConnectionHandler) {
        line.logger.debug("passed over bytes in place of an answer")
    }

    func failed(_ error: ClientError) { self.promise.fail(error) }
}
