import Logging
import NIOCore

/// Closes an HTTP connection whose peer takes nothing of an answer: the library's own timer rests while an answer is being
/// written.
///
/// Stands next to the socket, where every byte of the answer passes.
final class WriteTimeoutHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    private let limit: TimeAmount
    private let logger: Logger
    private var progress: WriteProgress
    private var written: Int64 = 0
    private var timer: Scheduled<Void>?

    init(limit: TimeAmount, logger: Logger) {
        self.limit = limit
        self.logger = logger
        self.progress = WriteProgress(limit: limit, now: .now())
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        self.written += Int64(Self.unwrapOutboundIn(data).readableBytes)
        if self.timer == nil { self.look(context) }
        context.write(data, promise: promise)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.timer?.cancel()
        self.timer = nil
    }

    /// Looks now, and again for as long as bytes wait. Before a write that is the first one, none do.
    private func look(_ context: ChannelHandlerContext) {
        let pending = Int64((try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0)
        switch self.progress.look(at: .now(), taken: self.written - pending, pending: pending) {
        case .stalled:
            self.logger.info("HTTP connection closed: its peer takes nothing", metadata: ["pending": "\(pending)"])
            context.reset()
        case .fine(let next): self.schedule(context, at: next)
        }
    }

    private func schedule(_ context: ChannelHandlerContext, at time: NIODeadline) {
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        self.timer = context.eventLoop.scheduleTask(deadline: time) {
            let (handler, context) = bound.value
            handler.timer = nil
            let pending = (try? context.channel.syncOptions?.getOption(.bufferedWritableBytes)) ?? 0
            guard pending > 0, context.channel.isActive else { return }
            handler.look(context)
        }
    }
}
