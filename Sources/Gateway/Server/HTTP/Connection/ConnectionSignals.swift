import NIOCore
import NIOHTTPTypes
import Synchronization

/// What a request that takes long has to know of its connection.
final class ConnectionSignals: Sendable {
    private let state = Mutex(State())

    private struct State {
        /// How many requests came to their end, and how many were answered to the end.
        var received = 0
        var answered = 0
        var isEnded = false
        var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
        var lastNumber: UInt64 = 0
    }

    /// Whether the request that is being answered has come to its end: otherwise what came of its body is not all of it,
    /// though the library says no more than that there is nothing left.
    var isRequestComplete: Bool { self.state.withLock { $0.received > $0.answered } }

    /// Returns once the peer is gone or the server shuts down, or the task is cancelled.
    ///
    /// A peer that closes its half of the connection counts as gone: who follows a stream and has gone away looks the same.
    func ended() async {
        let number = self.state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                let isOver = self.state.withLock { state in
                    guard !state.isEnded, !Task.isCancelled else { return true }
                    state.waiters[number] = continuation
                    return false
                }
                if isOver { continuation.resume() }
            }
        } onCancel: {
            self.state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }

    fileprivate func received() { self.state.withLock { $0.received += 1 } }
    fileprivate func answered() { self.state.withLock { $0.answered += 1 } }

    fileprivate func end() {
        let waiters = self.state.withLock { state in
            state.isEnded = true
            defer { state.waiters = [:] }
            return Array(state.waiters.values)
        }
        for waiter in waiters { waiter.resume() }
    }
}

/// Sees what becomes of a connection's requests, for ``ConnectionSignals``.
final class ConnectionSignalsHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    let signals = ConnectionSignals()

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .end = Self.unwrapInboundIn(data) { self.signals.received() }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = Self.unwrapOutboundIn(data) { self.signals.answered() }
        context.write(data, promise: promise)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed, is ChannelShouldQuiesceEvent: self.signals.end()
        default: break
        }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        self.signals.end()
        context.fireErrorCaught(error)
    }

    func channelInactive(context: ChannelHandlerContext) {
        self.signals.end()
        context.fireChannelInactive()
    }
}

extension ConnectionSignals {
    /// Those of a connection that speaks HTTP.
    static func of(_ channel: any Channel) async throws -> ConnectionSignals {
        try await channel.eventLoop.submit {
            try channel.pipeline.syncOperations.handler(type: ConnectionSignalsHandler.self).signals
        }.get()
    }
}
