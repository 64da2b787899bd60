import CacheProtocol
import Logging
import NIOCore
import Wire

extension ConnectionHandler {
    /// A binary frame on its way out: its header is sent, its payload follows window by window.
    struct Transfer {
        var reader: StreamReader
        var offset: Int64
        var remaining: Int64
        /// Whether the header is out, so that the frame must be completed or the connection broken.
        var hasBegun = false
    }

    /// How much of one answer is fetched at a time.
    private static let window = 256 << 10
    /// How much one connection sends before others have their turn.
    private static let turn: Int64 = 4 << 20

    /// Answers requests, as far as the socket takes it and the backend has it at hand.
    func pump() {
        guard !self.isPumping, let context = self.context else { return }
        self.isPumping = true
        defer { self.isPumping = false }
        let end = self.written + Self.turn
        while !self.isClosing, self.hasRequestToAnswer || self.subscriptionIsReady {
            self.account?.heedBudget()
            guard context.channel.isWritable else {
                // Only what is flushed is ever taken by the socket.
                context.flush()
                if context.channel.isWritable { continue }
                return
            }
            guard self.written < end else {
                context.flush()
                let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
                context.eventLoop.execute { bound.value.resumeReading() }
                return
            }
            if !self.hasRequestToAnswer {
                self.stepSubscription()
            } else if self.transfer != nil {
                self.sendWindow()
            } else if let request = self.requests.first {
                self.answer(request)
            }
        }
    }

    private var hasRequestToAnswer: Bool { !self.isAwaiting && (self.transfer != nil || self.requests.first != nil) }

    /// The first request is answered.
    private func answered() {
        if let receivedAt = self.requests.firstGetAt {
            self.service.metrics.getAnswered(after: .now() - receivedAt)
        }
        self.requests.removeFirst()
        if self.isQuiescing { self.quiesce() }
    }

    func answered(_ reply: ServerMessage) {
        self.send(reply)
        self.answered()
    }

    /// Waits for the backend on behalf of the first request.
    func hold<Value: Sendable>(
        _ later: Later<Value>,
        then body: @escaping (ConnectionHandler, Result<Value, CacheError>) -> Void
    ) {
        self.isAwaiting = true
        self.wait(for: later) { handler, result in
            handler.isAwaiting = false
            body(handler, result)
            handler.resumeReading()
        }
    }

    private func answer(_ request: ClientRequest) {
        if let rejection = self.rejection(of: request.message) {
            return self.answered(rejection.reply(to: request.requestID))
        }
        switch request.message {
        case .get(let get):
            guard let active = self.subscription else { return self.get(get, request.requestID, mayWait: true) }
            let rejection = Rejection(
                .limit,
                "This connection is subscribed to \(active.subscription.streamID), whose frames an answer could not be told "
                    + "from. Unsubscribe first, or use another connection.",
                streamID: get.streamID
            )
            self.answered(rejection.reply(to: request.requestID))
        case .info(let streamID):
            let readers = self.service.readers
            self.ask(request, about: streamID) { (backend, id) throws(CacheError) in
                let info = try await backend.info(id)
                var reply = ServerMessage(.info, streamID: id.rawValue, message: "Stream \(info.state.rawValue)")
                reply.info = StreamDescription(info, readers)
                return reply
            }
        case .delete(let streamID):
            self.ask(request, about: streamID) { (backend, id) throws(CacheError) in
                try await backend.remove(id)
                return ServerMessage(.deleted, streamID: id.rawValue, message: "Stream removed")
            }
        case .list(let list): self.list(list, request)
        case .ping:
            var reply = ServerMessage(.pong, message: "The gateway works", requestID: request.requestID)
            reply.server = ServerIdentity.headerValue
            reply.backend = self.service.configuration.backendType
            self.answered(reply)
        case .subscribe(let streamID, let offset): self.subscribe(streamID, from: offset, request.requestID)
        case .unsubscribe(let streamID): self.unsubscribe(streamID, request.requestID)
        case .start, .stop, .abort: self.answered()
        }
    }

    /// Asks the backend, off the event loop, and sends what comes of it.
    private func ask(
        _ request: ClientRequest,
        about streamID: String,
        _ body: @escaping @Sendable (any CacheBackend, StreamID) async throws(CacheError) -> ServerMessage
    ) {
        let backend = self.service.backend
        self.hold(
            Later { () async throws(CacheError) in try await body(backend, StreamID(streamID)) }
        ) { handler, result in
            // What it removed is to give its room back at once.
            handler.dropUnusedReaders()
            switch result {
            case .failure(let error): handler.answered(Rejection(error).reply(to: request.requestID))
            case .success(var reply):
                reply.requestID = request.requestID
                handler.answered(reply)
            }
        }
    }

    private func list(_ list: ClientMessage.List, _ request: ClientRequest) {
        let limit = Int(clamping: list.limit ?? 100)
        let backend = self.service.backend
        self.hold(
            Later { () async throws(CacheError) in
                var filter = StreamFilter(prefix: list.prefix)
                if let word = list.state {
                    guard let state = StreamState(rawValue: word), state != .removed else {
                        throw CacheError(.range, "state is to be live, suspended or sealed.")
                    }
                    filter.state = state
                }
                var cursor: StreamID?
                if let after = list.after { cursor = try StreamID(after) }
                return try await backend.streams(matching: filter, after: cursor, limit: limit)
            }
        ) { handler, result in
            switch result {
            case .failure(let error): handler.answered(Rejection(error).reply(to: request.requestID))
            case .success(let page):
                var reply = ServerMessage(.list, message: "\(page.streams.count) streams", requestID: request.requestID)
                reply.streams = page.streams.map { StreamDescription($0, handler.service.readers) }
                reply.next = page.next?.rawValue
                handler.answered(reply)
            }
        }
    }

    // MARK: GET

    private func get(_ get: ClientMessage.Get, _ requestID: RequestID?, mayWait: Bool) {
        if let reader = self.readers.reader(of: get.streamID, at: .now()) {
            return self.get(get, requestID, from: reader, reader.status, mayWait: mayWait)
        }
        do throws(CacheError) {
            let id = try StreamID(get.streamID)
            let reader = try self.service.backend.makeReader(for: id)
            switch reader.opened() {
            case .now(let status):
                self.get(get, requestID, from: self.keep(reader, of: id), status, mayWait: mayWait)
            case .later(let later):
                self.hold(later) { handler, result in
                    switch result {
                    case .failure(let error): handler.answered(Rejection(error).reply(to: requestID))
                    case .success(let status):
                        handler.get(get, requestID, from: handler.keep(reader, of: id), status, mayWait: mayWait)
                    }
                }
            }
        } catch {
            self.answered(Rejection(error).reply(to: requestID))
        }
    }

    /// Keeps a reader that has found its stream.
    ///
    /// - Returns: The one to read by, which is counted.
    private func keep(_ reader: StreamReader, of streamID: StreamID) -> StreamReader {
        let reader = reader.counted(as: streamID, in: self.service.readers)
        self.readers.insert(reader, for: streamID.rawValue, at: .now())
        if self.readerTimer == nil { self.dropUnusedReaders() }
        return reader
    }

    /// Lets go of readers that are kept for nothing, now and for as long as there are any.
    private func dropUnusedReaders() {
        self.readerTimer?.cancel()
        self.readerTimer = nil
        guard let eventLoop = self.context?.eventLoop, let next = self.readers.dropUnused(at: .now()) else { return }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        self.readerTimer = eventLoop.scheduleTask(deadline: next) { bound.value.dropUnusedReaders() }
    }

    private func get(
        _ get: ClientMessage.Get,
        _ requestID: RequestID?,
        from reader: StreamReader,
        _ status: StreamStatus,
        mayWait: Bool
    ) {
        let usesExtension = requestID != nil || get.waitMilliseconds != nil || get.offset < 0
        switch RangeDecision(get, of: status, usesExtension: usesExtension, mayWait: mayWait) {
        case .send(let offset, let count):
            self.transfer = Transfer(reader: reader, offset: offset, remaining: count)
            self.sendWindow()
        case .empty:
            self.write(self.header(.binary, length: 0))
            self.answered()
        case .wait(let offset, let milliseconds):
            self.waitForGrowth(of: reader, past: offset, milliseconds) { handler, status in
                handler.get(get, requestID, from: reader, status, mayWait: false)
            }
        case .tell(let code, let message):
            var reply = ServerMessage.error(code, message, streamID: get.streamID, requestID: requestID)
            reply.state = status.state.rawValue
            reply.size = status.size
            guard code == .end else { return self.answered(reply) }
            self.tellEnd(get.streamID, reply)
        }
    }

    /// The end comes with the digest, which the backend keeps.
    private func tellEnd(_ streamID: String, _ reply: ServerMessage) {
        let backend = self.service.backend
        self.hold(
            Later { () async throws(CacheError) in try await backend.info(StreamID(streamID)) }
        ) { handler, result in
            var reply = reply
            reply.sha256 = (try? result.get())?.sha256?.description
            handler.answered(reply)
        }
    }

    private func waitForGrowth(
        of reader: StreamReader,
        past offset: Int64,
        _ milliseconds: Int64,
        then body: @escaping (ConnectionHandler, StreamStatus) -> Void
    ) {
        guard let eventLoop = self.context?.eventLoop else { return }
        self.isAwaiting = true
        let number = self.wait(
            for: Later { () async throws(CacheError) in try await reader.grown(past: offset) }
        ) { handler, _ in
            handler.waitDeadline?.timer.cancel()
            handler.waitDeadline = nil
            handler.isAwaiting = false
            handler.requests.restartClock(at: .now())
            body(handler, reader.status)
            handler.resumeReading()
        }
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let timer = eventLoop.scheduleTask(in: .milliseconds(milliseconds)) {
            // The wait then ends with `aborted`, and what there is, if anything, is the answer.
            _ = bound.value.tasks[number]?.cancel()
        }
        self.waitDeadline = (number, timer)
    }

    /// Sends the next piece of the frame that is on its way.
    private func sendWindow() {
        guard let transfer = self.transfer else { return }
        do throws(CacheError) {
            let count = Int(min(transfer.remaining, Int64(Self.window)))
            switch try transfer.reader.read(at: transfer.offset, count: count) {
            case .now(let bytes): self.send(bytes, of: transfer)
            case .later(let later):
                self.hold(later) { handler, result in
                    switch result {
                    case .success(let bytes): handler.send(bytes, of: transfer)
                    case .failure(let error): handler.transferFailed(transfer, error)
                    }
                }
            }
        } catch {
            self.transferFailed(transfer, error)
        }
    }

    private func send(_ bytes: ByteBuffer, of transfer: Transfer) {
        guard self.context != nil, !self.isClosing else { return }
        var transfer = transfer
        if !transfer.hasBegun {
            transfer.hasBegun = true
            self.write(self.header(.binary, length: transfer.remaining))
        }
        self.write(bytes)
        self.service.metrics.sent(bytes.readableBytes, over: .websocket)
        transfer.offset += Int64(bytes.readableBytes)
        transfer.remaining -= Int64(bytes.readableBytes)
        guard transfer.remaining == 0 else {
            self.transfer = transfer
            return
        }
        self.transfer = nil
        self.sendDeferred()
        self.answered()
    }

    /// A frame that was begun can't be taken back, and must not be filled up with anything: the connection breaks.
    private func transferFailed(_ transfer: Transfer, _ error: CacheError) {
        self.transfer = nil
        self.logger.error("read failed", metadata: ["offset": "\(transfer.offset)", "error": "\(error)"])
        self.readers.removeAll()
        guard transfer.hasBegun else {
            self.sendDeferred()
            return self.answered(Rejection(error).reply(to: self.requests.first?.requestID))
        }
        self.connectionEnded()
        self.context?.close(promise: nil)
    }
}
