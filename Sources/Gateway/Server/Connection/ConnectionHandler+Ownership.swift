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
        guard self.upload.streamID == nil else { return self.begin(start, requestID) }
        guard self.grant.token == nil || start.metadata?[StreamOwners.label] == nil else {
            return self.send(
                .error(.badMessage, "The label \(StreamOwners.label) is the gateway's own.", requestID: requestID)
            )
        }
        let streamID = try? StreamID(start.streamID)
        do throws(Rejection) {
            self.uploadHold = try self.service.holdUpload(of: streamID, by: self.grant)
        } catch {
            return self.send(error.reply(to: requestID))
        }
        guard let streamID, self.grant.token != nil, start.resume, !self.grant.principal.rights.contains(.takeover)
        else {
            return self.begin(start, requestID)
        }
        let (backend, grant) = (self.service.backend, self.grant)
        self.isHeld = true
        self.wait(
            for: Later { () async throws(CacheError) in try await backend.info(streamID) }
        ) { handler, result in
            handler.isHeld = false
            switch result {
            case .success(let info) where !StreamOwners.mayResume(info, grant):
                handler.releaseUpload()
                handler.send(Rejection.notTheirs(streamID, grant.principal).reply(to: requestID))
            // One that is not there is begun; what else is wrong with the name, opening it says.
            case .success, .failure: handler.begin(start, requestID)
            }
            handler.resumeReading()
        }
    }

    /// Gives back what an upload holds at the server once it is over.
    func releaseUpload() {
        guard self.upload.streamID == nil, let hold = self.uploadHold else { return }
        self.uploadHold = nil
        hold.release()
    }
}
