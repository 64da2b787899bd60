public import NIOCore

extension ServerMessage {
    /// The message as JSON: compact, `type` first and in upper case.
    ///
    /// - Returns: UTF-8 text.
    public func json() -> ByteBuffer {
        var object = JSONObjectWriter()
        object.string("type", self.kind.rawValue)
        object.string("streamId", self.streamID ?? self.info?.streamID)
        object.string("message", self.message)
        object.requestID(self.requestID)
        object.string("code", self.code?.rawValue)
        object.bool("retryable", self.isRetryable)
        object.integer("retryAfterMs", self.retryAfterMilliseconds)
        object.integer("offset", self.offset)
        object.integer("durableOffset", self.durableOffset)
        object.integer("epoch", self.epoch)
        object.string("server", self.server)
        object.string("backend", self.backend)
        if let info = self.info {
            info.writeFacts(into: &object)
        } else {
            object.string("state", self.state)
            object.integer("size", self.size)
            object.string("sha256", self.sha256)
            object.string("durability", self.durability)
        }
        object.list("streams", self.streams) { stream, object in
            object.string("streamId", stream.streamID)
            stream.writeFacts(into: &object)
        }
        object.string("next", self.next)
        return object.finish()
    }

    /// Reads a server's text message, of ours or another's.
    ///
    /// Only `type` is needed, in any case.
    ///
    /// - Parameter text: The message, valid UTF-8.
    /// - Returns: `nil` where the type is none that is known: such a message is to be passed over.
    /// - Throws: ``MessageFault`` where the text is not such a message.
    public static func decode(json text: ByteBuffer) throws(MessageFault) -> ServerMessage? {
        let fields = try MessageFields(text, isStrict: false)
        guard let kind = Kind(rawValue: try fields.requiredString("type").asciiUppercased()) else { return nil }
        let anything: ClosedRange<Int64> = .min ... .max
        var message = ServerMessage(
            kind,
            streamID: try fields.string("streamId"),
            message: try fields.string("message") ?? "",
            requestID: fields.requestID
        )
        message.code = try fields.string("code").map(ErrorCode.init(rawValue:))
        message.isRetryable = try fields.bool("retryable") ? true : nil
        message.retryAfterMilliseconds = try fields.integer("retryAfterMs", in: anything)
        message.offset = try fields.integer("offset", in: anything)
        message.durableOffset = try fields.integer("durableOffset", in: anything)
        message.epoch = try fields.integer("epoch", in: anything)
        message.server = try fields.string("server")
        message.backend = try fields.string("backend")
        message.next = try fields.string("next")
        message.streams = try fields.list("streams", of: StreamDescription.self)
        if kind == .info, let info = try StreamDescription(fields, streamID: message.streamID) {
            message.info = info
        } else {
            message.state = try fields.string("state")
            message.size = try fields.integer("size", in: anything)
            message.sha256 = try fields.string("sha256")
            message.durability = try fields.string("durability")
        }
        return message
    }
}
