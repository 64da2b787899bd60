public import NIOCore

extension StreamDescription {
    /// The description as a JSON object of its own.
    ///
    /// - Returns: UTF-8 text.
    public func json() -> ByteBuffer {
        var object = JSONObjectWriter()
        object.string("streamId", self.streamID)
        self.writeFacts(into: &object)
        return object.finish()
    }

    /// A page of descriptions, with the members that LIST has.
    ///
    /// - Parameters:
    ///   - streams: The streams.
    ///   - next: What to send as `after` for the next page, if there is one.
    /// - Returns: UTF-8 text.
    public static func json(page streams: [StreamDescription], next: String?) -> ByteBuffer {
        var object = JSONObjectWriter()
        object.list("streams", streams) { stream, object in
            object.string("streamId", stream.streamID)
            stream.writeFacts(into: &object)
        }
        object.string("next", next)
        return object.finish()
    }

    func writeFacts(into object: inout JSONObjectWriter) {
        object.string("state", self.state)
        object.integer("size", self.size)
        object.string("contentType", self.contentType)
        object.string("sha256", self.sha256)
        object.integer("createdAt", self.createdAt)
        object.integer("sealedAt", self.sealedAt)
        object.integer("lastReadAt", self.lastReadAt)
        object.integer("expiresAt", self.expiresAt)
        object.integer("ttlSeconds", self.timeToLiveSeconds)
        object.strings("metadata", self.metadata)
        object.string("durability", self.durability)
        object.integer("readers", self.readers)
        object.words("copies", self.copies)
    }

    /// The facts among a message's fields; `nil` where name, state or size is missing.
    init?(_ fields: MessageFields, streamID: String?) throws(MessageFault) {
        let anything: ClosedRange<Int64> = .min ... .max
        guard let streamID, let state = try fields.string("state"), let size = try fields.integer("size", in: anything)
        else { return nil }
        self.init(streamID: streamID, state: state, size: size)
        self.contentType = try fields.string("contentType")
        self.sha256 = try fields.string("sha256")
        self.createdAt = try fields.integer("createdAt", in: anything)
        self.sealedAt = try fields.integer("sealedAt", in: anything)
        self.lastReadAt = try fields.integer("lastReadAt", in: anything)
        self.expiresAt = try fields.integer("expiresAt", in: anything)
        self.timeToLiveSeconds = try fields.integer("ttlSeconds", in: anything)
        self.metadata = try fields.strings("metadata")
        self.durability = try fields.string("durability")
        self.readers = try fields.integer("readers", in: anything)
        self.copies = try fields.words("copies")
    }
}
