import CacheProtocol
import Logging
import NIOCore
import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

extension ConnectionHandler {
    func start(_ start: ClientMessage.Start, _ requestID: RequestID?) {
        if self.isQuiescing { return self.send(Self.shuttingDown.reply(to: requestID)) }
        self.paceStart(start, requestID)
    }

    /// Begins an upload that may be. Looked at once more: the right may have gone while it waited.
    func begin(_ start: ClientMessage.Start, _ requestID: RequestID?) {
        if let rejection = self.rejection(of: .start(start)) {
            self.releaseUpload()
            return self.send(rejection.reply(to: requestID))
        }
        let upload = UploadMachine<StreamWriter>.Upload(
            streamID: start.streamID,
            usesExtension: start.usesExtension || requestID != nil,
            ackEvery: start.ackEvery
        )
        let action = self.upload.startReceived(
            upload,
            makeWriter: { () throws(CacheError) in
                try self.service.backend.makeWriter(
                    for: StreamID(start.streamID),
                    options: WriteOptions(start, owner: self.grant.owner)
                )
            },
            open: { $0.opened() }
        )
        switch action {
        case .reject(let rejection):
            self.releaseUpload()
            self.send(rejection.reply(to: requestID))
        case .open(.now(let position)): self.opened(.success(position), requestID)
        case .open(.later(let later)): self.wait(for: later) { $0.opened($1, requestID) }
        }
    }

    private func opened(_ result: Result<WritePosition, CacheError>, _ requestID: RequestID?) {
        switch self.upload.opened(result) {
        case .none: break
        case .reject(let rejection): self.send(rejection.reply(to: requestID))
        case .started(let upload, let position):
            self.logger.debug(
                "stream started",
                metadata: ["stream": "\(upload.streamID)", "offset": "\(position.offset)"]
            )
            var reply = ServerMessage(
                .started,
                streamID: upload.streamID,
                message: "Stream started successfully",
                requestID: requestID
            )
            if upload.usesExtension {
                reply.offset = position.offset
                reply.epoch = position.epoch
            }
            self.service.metrics.uploadStarted()
            self.send(reply)
            self.uploadEpoch = position.epoch
            self.acknowledge(upload, from: position)
        }
        self.uploadWentOn()
    }

    func received(_ bytes: MaskedBytes) {
        guard bytes.count > 0 else { return }
        self.pace.handedOn(bytes.count)
        self.uncountedBytes += bytes.count
        var bytes = bytes
        let action = self.upload.bytesReceived { (writer) throws(CacheError) in
            try writer.append(count: bytes.count) { bytes.unmask(into: &$0) }
        }
        self.carryOut(action)
    }

    func carryOut(_ action: UploadPace.Action) {
        switch action {
        case .none: break
        case .flush:
            self.flushUpload()
            self.acknowledgeReceipt()
        case .lookLater:
            guard let eventLoop = self.context?.eventLoop else { return }
            let bound = NIOLoopBound(self, eventLoop: eventLoop)
            eventLoop.scheduleTask(in: .milliseconds(UploadPace.patience)) {
                let handler = bound.value
                guard handler.context != nil else { return }
                handler.carryOut(handler.pace.timePassed(isBlocked: handler.upload.isBlocked))
            }
        }
    }

    /// What was uploaded goes to storage and to readers now.
    func flushUpload() {
        self.pace.told()
        self.upload.ranDry { $0.flush() }
    }

    /// Has TCP acknowledge what came, instead of waiting up to 40 ms for an answer to go with it: a peer without
    /// TCP_NODELAY holds its next packet, or its STOP, back until then (tcp(7), TCP_QUICKACK; RFC 896).
    private func acknowledgeReceipt() {
        #if os(Linux)
        try? self.context?.channel.syncOptions?.setOption(.tcpOption(.quickAcknowledgement), value: 1)
        #endif
    }

    private func carryOut(_ action: UploadMachine<StreamWriter>.BytesAction) {
        switch action {
        case .proceed: break
        case .reject(let rejection):
            self.releaseUpload()
            self.logger.info("upload failed", metadata: ["reason": "\(rejection.code): \(rejection.message)"])
            self.send(rejection.reply(to: nil))
            self.countUpload()
        case .pause(let readiness):
            self.wait(for: readiness) { handler, result in
                handler.carryOut(handler.upload.becameReady(result))
                handler.uploadWentOn()
            }
        }
    }

    func stop(_ streamID: String?, sha256: String?, _ requestID: RequestID?) {
        var expected: SHA256Value?
        if let sha256 {
            guard let value = SHA256Value(hexadecimal: sha256) else {
                return self.send(.error(.badMessage, "sha256 is to be 64 hexadecimal digits.", requestID: requestID))
            }
            expected = value
        }
        switch self.upload.endReceived(streamID: streamID) {
        case .reject(let rejection): self.send(rejection.reply(to: requestID))
        case .end(let writer, let upload):
            let usesExtension = upload.usesExtension || requestID != nil || sha256 != nil
            self.wait(for: writer.finish(expecting: expected)) { handler, result in
                handler.stopped(upload, result, usesExtension: usesExtension, requestID)
            }
        }
    }

    private func stopped(
        _ upload: UploadMachine<StreamWriter>.Upload,
        _ result: Result<StreamInfo, CacheError>,
        usesExtension: Bool,
        _ requestID: RequestID?
    ) {
        self.upload.ended()
        switch result {
        case .failure(let error):
            self.logger.warning("stream not sealed", metadata: ["stream": "\(upload.streamID)", "error": "\(error)"])
            self.send(Rejection(error).reply(to: requestID))
        case .success(let info):
            self.service.metrics.uploadSealed()
            self.logger.info("stream sealed", metadata: ["stream": "\(info.id)", "size": "\(info.size)"])
            var reply = ServerMessage(
                .stopped,
                streamID: upload.streamID,
                message: "Stream stopped successfully",
                requestID: requestID
            )
            if usesExtension {
                reply.size = info.size
                reply.sha256 = info.sha256?.description
                reply.durability = info.durability?.rawValue
            }
            self.send(reply)
        }
        self.uploadWentOn()
    }

    func abort(_ streamID: String?, _ requestID: RequestID?) {
        switch self.upload.endReceived(streamID: streamID) {
        case .reject(let rejection): self.send(rejection.reply(to: requestID))
        case .end(let writer, let upload):
            self.wait(for: writer.abort()) { handler, result in
                handler.upload.ended()
                switch result {
                case .failure(let error): handler.send(Rejection(error).reply(to: requestID))
                case .success:
                    handler.service.metrics.uploadAborted()
                    handler.logger.info("stream aborted", metadata: ["stream": "\(upload.streamID)"])
                    handler.send(
                        ServerMessage(
                            .aborted,
                            streamID: upload.streamID,
                            message: "Stream removed",
                            requestID: requestID
                        )
                    )
                }
                handler.uploadWentOn()
            }
        }
    }

    private func uploadWentOn() {
        self.releaseUpload()
        self.countUpload()
        self.resumeReading()
        if self.isQuiescing { self.quiesce() }
    }

    static var shuttingDown: Rejection {
        var rejection = Rejection(.shuttingDown, "The gateway is shutting down. Connect again in a moment, and resume.")
        rejection.isRetryable = true
        return rejection
    }
}

extension WriteOptions {
    /// - Parameter owner: Whose the stream is, where that is known.
    init(_ start: ClientMessage.Start, owner: String?) {
        var metadata = start.metadata ?? [:]
        if let owner { metadata[StreamOwners.label] = owner }
        self.init(
            mode: start.overwrite ? .overwrite : start.resume ? .resume : .create,
            contentType: start.contentType,
            expectedSize: start.size,
            timeToLiveSeconds: start.timeToLiveSeconds,
            metadata: metadata
        )
    }
}

#if os(Linux)
extension NIOBSDSocket.Option {
    /// tcp(7), TCP_QUICKACK: what is to be acknowledged is acknowledged at once. It does not last, and so is asked for
    /// whenever it matters.
    fileprivate static let quickAcknowledgement = NIOBSDSocket.Option(rawValue: TCP_QUICKACK)
}
#endif
