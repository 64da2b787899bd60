import Logging
import NIOCore
import Wire

extension ConnectionHandler {
    /// Closes from our side, or answers the peer's Close: sends a Close frame, then nothing more, and waits for the peer
    /// to close the TCP connection, so that what it has not read yet is not lost by a reset (RFC 6455, 7.1.1). A peer that
    /// has not done so after the close timeout gets that reset.
    ///
    /// - Parameters:
    ///   - code: Why; `nil` for a Close without a body.
    ///   - reason: More about it.
    func close(_ code: CloseCode?, reason: String) {
        guard !self.isClosing, let context = self.context else { return }
        let isInsideFrame = self.transfer?.hasBegun == true
        self.connectionEnded()
        // A frame that was cut short can't be followed by a Close; that the connection ends in it says enough.
        if !isInsideFrame {
            var frame = ByteBuffer()
            frame.writeCloseFrame(code, reason: reason)
            self.write(frame)
        }
        context.flush()
        context.close(mode: .output, promise: nil)
        self.resumeReading()
    }

    /// Lets go of everything that the connection holds; an open upload is suspended. May be called again.
    func connectionEnded() {
        guard !self.isClosing else { return }
        self.isClosing = true
        self.timers.closing(at: .now())
        if let streamID = self.upload.connectionClosed() {
            self.logger.info("stream suspended", metadata: ["stream": "\(streamID)"])
            if self.isUploadCounted { self.service.metrics.uploadSuspended() }
        }
        self.releaseUpload()
        self.countUpload()
        self.countReceived()
        self.requests.removeAll()
        self.readers.removeAll()
        self.readerTimer?.cancel()
        self.readerTimer = nil
        self.endSubscription()
        self.transfer = nil
        self.deferred = []
        self.waitDeadline?.timer.cancel()
        self.waitDeadline = nil
        for task in self.tasks.values { task.cancel() }
        // The time that the peer has to close may be over before what is scheduled.
        self.scheduleTimer()
    }

    /// The gateway shuts down: what is being sealed or sent is completed, an open upload is told to come back.
    func quiesce() {
        if !self.isQuiescing { self.endAfterGrace() }
        self.isQuiescing = true
        guard !self.isClosing, self.transfer == nil else { return }
        if self.upload.isBlocked || self.isAwaiting && self.waitDeadline == nil { return }
        if self.upload.streamID != nil { self.send(Self.shuttingDown.reply(to: nil)) }
        self.close(.goingAway, reason: "shutting down")
    }

    /// Ends the connection when the time is over in which answers may be completed: whoever takes them slowly, or has a
    /// device that stands still behind it, must not keep the process.
    private func endAfterGrace() {
        guard let context = self.context else { return }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        let grace = TimeAmount.seconds(self.service.configuration.shutdownGraceSeconds)
        self.graceTimer = context.eventLoop.scheduleTask(in: grace) {
            guard let context = bound.value.context else { return }
            bound.value.connectionEnded()
            context.reset()
        }
    }
}
