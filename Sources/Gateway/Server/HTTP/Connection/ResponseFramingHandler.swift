import DequeModule
import NIOCore
import NIOHTTP1

/// Frames answers as their requests need it, where the library's encoder, which does not know them, would not.
///
/// - An answer to HEAD without `Content-Length` has no last chunk, as it has no other.
/// - An answer in HTTP/1.0 has no chunks: its end is that of the connection.
/// - Behind an answer with `Connection: close` the connection is closed, once the peer had time to read it.
final class ResponseFramingHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// How long a peer has to see the end, while what it still sends is passed over.
    private static let linger = TimeAmount.seconds(5)

    private struct Question {
        var isHead: Bool
        var isOld: Bool
    }

    /// The requests that were not answered to the end.
    private var questions: Deque<Question> = []
    private var isClosing = false
    private var timer: Scheduled<Void>?

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .head(let head) = Self.unwrapInboundIn(data) {
            self.questions.append(
                Question(isHead: head.method == .HEAD, isOld: (head.version.major, head.version.minor) < (1, 1))
            )
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch Self.unwrapOutboundIn(data) {
        // Such as 100: the answer is still to come.
        case .head(let head) where head.status.code < 200: context.write(data, promise: promise)
        case .head(var head):
            if self.questions.first?.isOld == true {
                head.version = .http1_0
                head.headers.replaceOrAdd(name: "connection", value: "close")
            }
            self.isClosing = head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
            context.write(Self.wrapOutboundOut(.head(head)), promise: promise)
        case .body: context.write(data, promise: promise)
        case .end:
            let question = self.questions.popFirst()
            let end = question?.isHead == true ? Self.wrapOutboundOut(.body(.byteBuffer(ByteBuffer()))) : data
            guard self.isClosing else { return context.write(end, promise: promise) }
            let written = promise ?? context.eventLoop.makePromise()
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            written.futureResult.whenComplete { _ in
                let (handler, context) = bound.value
                handler.close(context)
            }
            context.writeAndFlush(end, promise: written)
            context.close(mode: .output, promise: nil)
        }
    }

    private func close(_ context: ChannelHandlerContext) {
        guard context.channel.isActive, self.timer == nil else { return }
        let channel = context.channel
        self.timer = context.eventLoop.scheduleTask(in: Self.linger) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = nil
    }
}
