public import NIOCore

extension ClientRequest {
    /// Reads a client's text message.
    ///
    /// Types are taken in any case, members in any order, unknown members and `null` as absent.
    ///
    /// - Parameter text: The message, valid UTF-8.
    /// - Throws: ``MessageFault`` that says what is wrong.
    public init(json text: ByteBuffer) throws(MessageFault) {
        if let get = text.withUnsafeReadableBytes({ CompactGet($0).request }) {
            self = get
            return
        }
        try self.init(generalJSON: text)
    }

    /// Reads a client's text message by the library, whatever its form.
    ///
    /// - Parameter text: The message, valid UTF-8.
    /// - Throws: ``MessageFault`` that says what is wrong.
    init(generalJSON text: ByteBuffer) throws(MessageFault) {
        let fields = try MessageFields(text, isStrict: true)
        self.init(try ClientMessage(fields), requestID: fields.requestID)
    }

    /// The message as JSON: compact, `type` first, in upper case, only the members that are needed.
    ///
    /// - Returns: UTF-8 text.
    public func json() -> ByteBuffer {
        var object = JSONObjectWriter()
        self.message.write(into: &object)
        object.requestID(self.requestID)
        return object.finish()
    }
}

extension ClientMessage {
    private static let any: ClosedRange<Int64> = .min ... .max

    fileprivate init(_ fields: MessageFields) throws(MessageFault) {
        switch try fields.requiredString("type").asciiUppercased() {
        case "START": self = .start(try Start(fields))
        case "STOP": self = .stop(streamID: try fields.string("streamId"), sha256: try fields.string("sha256"))
        case "ABORT": self = .abort(streamID: try fields.string("streamId"))
        case "GET": self = .get(try Get(fields))
        case "SUBSCRIBE":
            self = .subscribe(
                streamID: try fields.requiredString("streamId"),
                offset: try fields.integer("offset", in: Self.any) ?? 0
            )
        case "UNSUBSCRIBE": self = .unsubscribe(streamID: try fields.requiredString("streamId"))
        case "INFO": self = .info(streamID: try fields.requiredString("streamId"))
        case "LIST": self = .list(try List(fields))
        case "DELETE": self = .delete(streamID: try fields.requiredString("streamId"))
        case "PING": self = .ping
        default:
            throw MessageFault(
                .unknownType,
                "The type is none of START, STOP, ABORT, GET, SUBSCRIBE, UNSUBSCRIBE, INFO, LIST, DELETE, PING.",
                requestID: fields.requestID
            )
        }
    }

    fileprivate func write(into object: inout JSONObjectWriter) {
        switch self {
        case .start(let start): start.write(into: &object)
        case .stop(let streamID, let sha256):
            object.string("type", "STOP")
            object.string("streamId", streamID)
            object.string("sha256", sha256)
        case .abort(let streamID):
            object.string("type", "ABORT")
            object.string("streamId", streamID)
        case .get(let get): get.write(into: &object)
        case .subscribe(let streamID, let offset):
            object.string("type", "SUBSCRIBE")
            object.string("streamId", streamID)
            if offset != 0 { object.integer("offset", offset) }
        case .unsubscribe(let streamID):
            object.string("type", "UNSUBSCRIBE")
            object.string("streamId", streamID)
        case .info(let streamID):
            object.string("type", "INFO")
            object.string("streamId", streamID)
        case .list(let list): list.write(into: &object)
        case .delete(let streamID):
            object.string("type", "DELETE")
            object.string("streamId", streamID)
        case .ping: object.string("type", "PING")
        }
    }
}

extension ClientMessage.Start {
    /// The most labels a stream may have.
    static let maximumLabels = 16
    /// The longest name or value of a label, in UTF-8 bytes.
    static let maximumLabelLength = 256
    /// The longest media type, in bytes.
    static let maximumContentTypeLength = 128

    fileprivate init(_ fields: MessageFields) throws(MessageFault) {
        self.init(streamID: try fields.requiredString("streamId"))
        self.resume = try fields.bool("resume")
        self.overwrite = try fields.bool("overwrite")
        self.contentType = try fields.string("contentType")
        self.size = try fields.integer("size", in: 0 ... .max)
        self.timeToLiveSeconds = try fields.integer("ttlSeconds", in: 1...Int64(100 * 366 * 86_400))
        self.metadata = try fields.strings("metadata")
        self.ackEvery = try fields.integer("ackEvery", in: 1 ... .max)
        guard !(self.resume && self.overwrite) else {
            throw MessageFault(.badMessage, "resume and overwrite exclude each other.", requestID: fields.requestID)
        }
        if let type = self.contentType, !Self.isMediaType(type) {
            throw MessageFault(
                .badMessage,
                "contentType is to be a media type such as audio/mpeg, of at most \(Self.maximumContentTypeLength) bytes.",
                requestID: fields.requestID
            )
        }
        if let labels = self.metadata {
            let tooLong = labels.contains {
                $0.key.utf8.count > Self.maximumLabelLength || $0.value.utf8.count > Self.maximumLabelLength
            }
            guard labels.count <= Self.maximumLabels, !tooLong else {
                throw MessageFault(
                    .limit,
                    "metadata takes at most \(Self.maximumLabels) pairs of \(Self.maximumLabelLength) bytes each.",
                    requestID: fields.requestID
                )
            }
        }
    }

    /// Whether a text is `type/subtype`, with parameters or without, in characters that are safe in a header
    /// (RFC 9110, 8.3.1).
    private static func isMediaType(_ text: String) -> Bool {
        guard text.utf8.count <= self.maximumContentTypeLength else { return false }
        let pieces = text.utf8.split(separator: UInt8(ascii: ";"), maxSplits: 1, omittingEmptySubsequences: false)
        guard var essence = pieces.first else { return false }
        if pieces.count == 2 { while essence.last == UInt8(ascii: " ") { essence.removeLast() } }
        let names = essence.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return names.count == 2
            && names.allSatisfy { !$0.isEmpty && $0.allSatisfy(Self.isNameByte) }
            && pieces.dropFirst().allSatisfy { $0.allSatisfy { Self.isNameByte($0) || "/;= \"".utf8.contains($0) } }
    }

    /// Whether a byte may be in a type's or subtype's name (RFC 6838, 4.2).
    private static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$&^_.+-".utf8.contains(byte)
        }
    }

    fileprivate func write(into object: inout JSONObjectWriter) {
        object.string("type", "START")
        object.string("streamId", self.streamID)
        if self.resume { object.bool("resume", true) }
        if self.overwrite { object.bool("overwrite", true) }
        object.string("contentType", self.contentType)
        object.integer("size", self.size)
        object.integer("ttlSeconds", self.timeToLiveSeconds)
        object.strings("metadata", self.metadata)
        object.integer("ackEvery", self.ackEvery)
    }
}

extension ClientMessage.Get {
    /// What a GET without `length` asks for: one chunk of the original system.
    static let defaultLength: Int64 = 65_536
    /// The longest wait, in milliseconds.
    static let maximumWait: Int64 = 600_000

    fileprivate init(_ fields: MessageFields) throws(MessageFault) {
        self.init(
            streamID: try fields.requiredString("streamId"),
            offset: try fields.integer("offset", in: .min ... .max) ?? 0,
            length: try fields.integer("length", in: 1 ... .max) ?? Self.defaultLength,
            waitMilliseconds: try fields.integer("waitMs", in: 0...Self.maximumWait)
        )
    }

    fileprivate func write(into object: inout JSONObjectWriter) {
        object.string("type", "GET")
        object.string("streamId", self.streamID)
        object.integer("offset", self.offset)
        object.integer("length", self.length)
        object.integer("waitMs", self.waitMilliseconds)
    }
}

extension ClientMessage.List {
    /// The longest page.
    static let maximumLimit: Int64 = 1_000

    fileprivate init(_ fields: MessageFields) throws(MessageFault) {
        self.init()
        self.prefix = try fields.string("prefix")
        self.state = try fields.string("state")
        self.limit = try fields.integer("limit", in: 1...Self.maximumLimit)
        self.after = try fields.string("after")
    }

    fileprivate func write(into object: inout JSONObjectWriter) {
        object.string("type", "LIST")
        object.string("prefix", self.prefix)
        object.string("state", self.state)
        object.integer("limit", self.limit)
        object.string("after", self.after)
    }
}
