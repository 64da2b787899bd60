import Wire

extension SplitMix64 {
    private mutating func maybe<Value>(_ make: (inout SplitMix64) -> Value) -> Value? {
        self.oneIn(2) ? make(&self) : nil
    }

    mutating func number() -> Int64 {
        switch Int.random(in: 0..<6, using: &self) {
        case 0: .max
        case 1: .min
        case 2: 0
        case 3: Int64.random(in: -10...10, using: &self)
        default: Int64(bitPattern: self.next())
        }
    }

    private mutating func positive() -> Int64 { Swift.max(1, self.number() & .max) }

    mutating func requestID() -> RequestID? {
        switch Int.random(in: 0..<3, using: &self) {
        case 0: nil
        case 1: .integer(self.number())
        default: .string(self.text(upTo: 30))
        }
    }

    private mutating func labels() -> [String: String] {
        var labels: [String: String] = [:]
        for _ in 0..<Int.random(in: 0...16, using: &self) { labels[self.text(upTo: 60)] = self.text(upTo: 60) }
        return labels
    }

    mutating func clientRequest() -> ClientRequest {
        ClientRequest(self.clientMessage(), requestID: self.requestID())
    }

    private mutating func clientMessage() -> ClientMessage {
        let id = self.text(upTo: 20)
        switch Int.random(in: 0..<10, using: &self) {
        case 0:
            var start = ClientMessage.Start(streamID: id)
            start.resume = self.oneIn(3)
            start.overwrite = !start.resume && self.oneIn(3)
            start.contentType = self.maybe { $0.pick(["audio/mpeg", "audio/l16; rate=16000; channels=1", "a/b"]) }
            start.size = self.maybe { $0.number() & .max }
            start.timeToLiveSeconds = self.maybe { Int64.random(in: 1...3_000_000_000, using: &$0) }
            start.metadata = self.maybe { $0.labels() }
            start.ackEvery = self.maybe { $0.positive() }
            return .start(start)
        case 1: return .stop(streamID: self.maybe { $0.text(upTo: 20) }, sha256: self.maybe { $0.text(upTo: 64) })
        case 2: return .abort(streamID: self.maybe { $0.text(upTo: 20) })
        case 3:
            let wait = self.maybe { Int64.random(in: 0...600_000, using: &$0) }
            return .get(.init(streamID: id, offset: self.number(), length: self.positive(), waitMilliseconds: wait))
        case 4: return .subscribe(streamID: id, offset: self.number())
        case 5: return .unsubscribe(streamID: id)
        case 6: return .info(streamID: id)
        case 7:
            var list = ClientMessage.List()
            list.prefix = self.maybe { $0.text(upTo: 10) }
            list.state = self.maybe { $0.pick(["live", "sealed"]) }
            list.limit = self.maybe { Int64.random(in: 1...1_000, using: &$0) }
            list.after = self.maybe { $0.text(upTo: 10) }
            return .list(list)
        case 8: return .delete(streamID: id)
        default: return .ping
        }
    }

    mutating func streamDescription(_ id: String) -> StreamDescription {
        var stream = StreamDescription(streamID: id, state: self.pick(["live", "sealed"]), size: self.number())
        stream.contentType = self.maybe { $0.text(upTo: 10) }
        stream.sha256 = self.maybe { $0.text(upTo: 10) }
        stream.createdAt = self.maybe { $0.number() }
        stream.sealedAt = self.maybe { $0.number() }
        stream.lastReadAt = self.maybe { $0.number() }
        stream.expiresAt = self.maybe { $0.number() }
        stream.timeToLiveSeconds = self.maybe { $0.number() }
        stream.metadata = self.maybe { $0.labels() }
        stream.durability = self.maybe { $0.text(upTo: 10) }
        stream.readers = self.maybe { $0.number() }
        stream.copies = self.maybe { [$0.text(upTo: 10), $0.text(upTo: 10)] }
        return stream
    }

    mutating func serverMessage() -> ServerMessage {
        var message = ServerMessage(
            self.pick(ServerMessage.Kind.allCases),
            streamID: self.maybe { $0.text(upTo: 20) },
            message: self.text(upTo: 60),
            requestID: self.requestID()
        )
        message.code = self.maybe { ErrorCode(rawValue: $0.text(upTo: 10)) }
        message.isRetryable = self.maybe { _ in true }
        message.retryAfterMilliseconds = self.maybe { $0.number() }
        message.offset = self.maybe { $0.number() }
        message.durableOffset = self.maybe { $0.number() }
        message.epoch = self.maybe { $0.number() }
        message.server = self.maybe { $0.text(upTo: 10) }
        message.backend = self.maybe { $0.text(upTo: 10) }
        message.next = self.maybe { $0.text(upTo: 10) }
        if message.kind == .info {
            let id = message.streamID ?? self.text(upTo: 10)
            message.streamID = id
            message.info = self.streamDescription(id)
        } else {
            message.state = self.maybe { $0.text(upTo: 10) }
            message.size = self.maybe { $0.number() }
            message.sha256 = self.maybe { $0.text(upTo: 10) }
            message.durability = self.maybe { $0.text(upTo: 10) }
        }
        if message.kind == .list {
            message.streams = (0..<Int.random(in: 0...20, using: &self)).map { _ in
                self.streamDescription(self.text(upTo: 10))
            }
        }
        return message
    }
}
