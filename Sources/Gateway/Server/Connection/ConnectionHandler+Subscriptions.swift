import CacheProtocol
import Logging
import NIOCore
import Wire

extension ConnectionHandler {
    /// A subscription at work.
    struct ActiveSubscription {
        var subscription: Subscription
        let tail: LiveTail
        /// Which one of this connection it is: another one may follow the same stream, and so the same tail.
        let number: UInt64
        /// Stands for this subscriber among the stream's readers; the bytes come by way of the tail.
        let reader: StreamReader
        /// Whether it waits: for the stream, for the backend, or for its end to be told.
        var isWaiting = false
    }

    /// Begins to send a stream, and goes on as it grows. One at a time: the binary frames of two could not be told apart.
    func subscribe(_ streamID: String, from offset: Int64, _ requestID: RequestID?) {
        if let active = self.subscription {
            let rejection = Rejection(
                .limit,
                "This connection is subscribed to \(active.subscription.streamID). Unsubscribe first, or open another.",
                streamID: streamID
            )
            return self.answered(rejection.reply(to: requestID))
        }
        do throws(CacheError) {
            let id = try StreamID(streamID)
            let reader = try self.service.backend.makeReader(for: id)
            switch reader.opened() {
            case .now(let status): self.subscribed(id, from: offset, reader, status, requestID)
            case .later(let later):
                self.hold(later) { handler, result in
                    switch result {
                    case .failure(let error): handler.answered(Rejection(error).reply(to: requestID))
                    case .success(let status): handler.subscribed(id, from: offset, reader, status, requestID)
                    }
                }
            }
        } catch {
            self.answered(Rejection(error).reply(to: requestID))
        }
    }

    private func subscribed(
        _ id: StreamID,
        from offset: Int64,
        _ reader: StreamReader,
        _ status: StreamStatus,
        _ requestID: RequestID?
    ) {
        guard let eventLoop = self.context?.eventLoop else { return }
        // Looked at once more: the right may have gone while the stream was found.
        if let rejection = self.rejection(of: .subscribe(streamID: id.rawValue, offset: offset)) {
            return self.answered(rejection.reply(to: requestID))
        }
        let streamID = id.rawValue
        let subscription = Subscription(streamID: streamID, from: offset, of: status)
        let tail = LiveTails.current.tail(of: streamID, at: self.service.load, reader, on: eventLoop)
        self.lastSubscription += 1
        self.subscription = ActiveSubscription(
            subscription: subscription,
            tail: tail,
            number: self.lastSubscription,
            reader: reader.counted(as: id, in: self.service.readers)
        )
        var reply = ServerMessage(.subscribed, streamID: streamID, message: "Subscribed", requestID: requestID)
        reply.offset = subscription.offset
        reply.size = status.size
        reply.state = status.state.rawValue
        self.answered(reply)
    }

    func unsubscribe(_ streamID: String, _ requestID: RequestID?) {
        guard let active = self.subscription, active.subscription.streamID == streamID else {
            let rejection = Rejection(
                .streamNotFound,
                "This connection is not subscribed to that stream.",
                streamID: streamID
            )
            return self.answered(rejection.reply(to: requestID))
        }
        var reply = ServerMessage(.unsubscribed, streamID: streamID, message: "Unsubscribed", requestID: requestID)
        reply.offset = active.subscription.offset
        self.endSubscription()
        self.answered(reply)
    }

    /// Lets go of the stream.
    func endSubscription() {
        self.subscription?.tail.leave(self)
        self.subscription = nil
    }

    /// Whether the subscription can send something now, for all that is known.
    var subscriptionIsReady: Bool { self.subscription?.isWaiting == false }

    /// The stream has grown, or changed its state.
    func subscriptionMayGoOn() {
        self.subscription?.isWaiting = false
        self.pump()
        self.context?.flush()
        self.countUnsent()
    }

    /// Does the subscription's next step.
    func stepSubscription() {
        guard let active = self.subscription else { return }
        let status = active.tail.status
        switch active.subscription.next(status) {
        case .send(let count): self.sendSubscribed(active, count)
        case .wait(let state):
            self.subscription?.isWaiting = true
            active.tail.wait(self, past: active.subscription.offset, while: state)
        case .end(let size): self.tellSubscriptionEnd(active, size)
        case .aborted:
            self.endSubscription()
            self.send(.error(.aborted, "The stream was removed.", streamID: active.subscription.streamID))
        }
    }

    private func sendSubscribed(_ active: ActiveSubscription, _ count: Int) {
        if let frame = active.tail.frame(at: active.subscription.offset, count: count) {
            self.write(frame.bytes)
            return self.sentSubscribed(frame.count)
        }
        do throws(CacheError) {
            switch try active.tail.read(at: active.subscription.offset, count: count) {
            case .now(let bytes): self.sendSubscribed(bytes)
            case .later(let later):
                self.subscription?.isWaiting = true
                self.wait(for: later) { handler, result in
                    guard handler.subscription?.number == active.number else { return }
                    handler.subscription?.isWaiting = false
                    switch result {
                    case .success(let bytes): handler.sendSubscribed(bytes)
                    case .failure(let error): handler.subscriptionFailed(active, error)
                    }
                    handler.subscriptionMayGoOn()
                }
            }
        } catch {
            self.subscriptionFailed(active, error)
        }
    }

    private func sendSubscribed(_ bytes: ByteBuffer) {
        self.write(self.header(.binary, length: Int64(bytes.readableBytes)))
        self.write(bytes)
        self.sentSubscribed(bytes.readableBytes)
    }

    private func sentSubscribed(_ count: Int) {
        self.service.metrics.sent(count, over: .websocket)
        self.subscription?.subscription.sent(count)
    }

    private func subscriptionFailed(_ active: ActiveSubscription, _ error: CacheError) {
        self.logger.error("subscription failed", metadata: ["error": "\(error)"])
        self.endSubscription()
        self.send(Rejection(error).reply(to: nil))
    }

    /// The end comes with the digest, which the backend keeps.
    private func tellSubscriptionEnd(_ active: ActiveSubscription, _ size: Int64) {
        self.subscription?.isWaiting = true
        let streamID = active.subscription.streamID
        let backend = self.service.backend
        self.wait(
            for: Later { () async throws(CacheError) in try await backend.info(StreamID(streamID)) }
        ) { handler, result in
            guard handler.subscription?.number == active.number else { return }
            var reply = ServerMessage(.end, streamID: streamID, message: "The stream is complete")
            reply.size = size
            reply.state = StreamState.sealed.rawValue
            reply.sha256 = (try? result.get())?.sha256?.description
            handler.endSubscription()
            handler.send(reply)
        }
    }
}
