import CacheProtocol
import Logging
import NIOCore
import Wire

extension ConnectionHandler {
    /// Lets a START wait where the peer begins streams too fast.
    func paceStart(_ start: ClientMessage.Start, _ requestID: RequestID?) {
        let delay = self.starts.started(at: .now())
        guard delay > .zero, let eventLoop = self.context?.eventLoop else { return self.admitStart(start, requestID) }
        self.isHeld = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: delay) {
            let handler = bound.value
            guard handler.context != nil else { return }
            handler.isHeld = false
            handler.admitStart(start, requestID)
            handler.resumeReading()
        }
    }

    /// Makes sure that the peer may upload to a stream of this name, then goes on.
    ///
    /// Without tokens everybody may. With them, a live or suspended stream is gone on with by whom it belongs to, or by
    /// the right to take over; that may mean waiting for the backend, during which nothing is read from the peer.
    func admitStart(_ start: ClientMessage.Start, _ requestID: RequestID?) {
        if self.upload.streamID == nil {
            let limit = self.service.configuration.maximumOpenStreams
            guard self.service.load.streamOpened(limit: limit) else {
                var rejection = Rejection(
                    .limit,
                    "\(limit) uploads are under way, which is the limit (limits.maxOpenStreams).",
                    streamID: start.streamID
                )
                rejection.isRetryable = true
                return self.send(rejection.reply(to: requestID))
            }
            self.isCountedUpload = true
        }
        // A name that is none is refused by whoever opens it.
        guard self.grant.token != nil, self.upload.streamID == nil, let streamID = try? StreamID(start.streamID) else {
            return self.begin(start, requestID)
        }
        guard start.metadata?[StreamOwners.label] == nil else {
            self.releaseUpload()
            return self.send(
                .error(.badMessage, "The label \(StreamOwners.label) is the gateway's own.", requestID: requestID)
            )
        }
        let principal = self.grant.principal
        guard self.service.owners.claim(streamID, by: principal) else {
            self.releaseUpload()
            return self.send(Self.notTheirs(start.streamID, principal).reply(to: requestID))
        }
        self.claimedStream = streamID
        guard start.resume, !principal.rights.contains(.takeover) else { return self.begin(start, requestID) }
        let backend = self.service.backend
        self.isHeld = true
        self.wait(
            for: Later { () async throws(CacheError) in try await backend.info(streamID) }
        ) { handler, result in
            handler.isHeld = false
            switch result {
            case .success(let info) where !StreamOwners.mayResume(info, principal):
                handler.releaseUpload()
                handler.send(Self.notTheirs(start.streamID, principal).reply(to: requestID))
            // One that is not there is begun; what else is wrong with the name, opening it says.
            case .success, .failure: handler.begin(start, requestID)
            }
            handler.resumeReading()
        }
    }

    /// Gives back what an upload holds at the server once it is over: its place, and the stream's name.
    func releaseUpload() {
        guard self.upload.streamID == nil else { return }
        if self.isCountedUpload {
            self.isCountedUpload = false
            self.service.load.streamClosed()
        }
        if let streamID = self.claimedStream {
            self.claimedStream = nil
            self.service.owners.release(streamID)
        }
    }

    private static func notTheirs(_ streamID: String, _ principal: Principal) -> Rejection {
        Rejection(
            .unauthorized,
            "The stream is another principal's, and the token of \(principal.name) lacks the right: takeover.",
            streamID: streamID
        )
    }
}
