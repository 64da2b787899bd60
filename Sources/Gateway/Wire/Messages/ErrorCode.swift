/// The kind of an error on the wire: stable, snake_case, open to new ones. The storage layer's codes have the same words.
public struct ErrorCode: Hashable, Sendable, RawRepresentable, CustomStringConvertible {
    /// The word on the wire.
    public let rawValue: String

    /// Takes any word.
    ///
    /// - Parameter rawValue: The word on the wire.
    public init(rawValue: String) { self.rawValue = rawValue }

    /// The message is not JSON, not an object, or a field has the wrong kind of value.
    public static let badMessage = Self(rawValue: "bad_message")
    /// The message's type is none that this server has.
    public static let unknownType = Self(rawValue: "unknown_type")
    /// The stream id breaks the grammar.
    public static let badStreamID = Self(rawValue: "bad_stream_id")
    /// No stream has this id.
    public static let streamNotFound = Self(rawValue: "stream_not_found")
    /// A stream of this id is sealed, or suspended and not to be resumed.
    public static let streamExists = Self(rawValue: "stream_exists")
    /// Another connection writes the stream.
    public static let streamBusy = Self(rawValue: "stream_busy")
    /// The connection has no upload under way.
    public static let noOpenStream = Self(rawValue: "no_open_stream")
    /// An offset, length or other number out of range.
    public static let range = Self(rawValue: "range")
    /// Nothing there yet: the stream may still grow.
    public static let notYet = Self(rawValue: "not_yet")
    /// Nothing there, and nothing will come: the stream is sealed.
    public static let end = Self(rawValue: "end")
    /// The stream was removed or aborted.
    public static let aborted = Self(rawValue: "aborted")
    /// The bytes do not have the declared digest.
    public static let digestMismatch = Self(rawValue: "digest_mismatch")
    /// There is no room.
    public static let storageFull = Self(rawValue: "storage_full")
    /// The stream is longer than accepted.
    public static let streamTooLarge = Self(rawValue: "stream_too_large")
    /// Too many of something.
    public static let limit = Self(rawValue: "limit")
    /// A token is missing, wrong, or lacks the right.
    public static let unauthorized = Self(rawValue: "unauthorized")
    /// Over HTTP: the stream is not in the state that a condition of the request asks for.
    public static let preconditionFailed = Self(rawValue: "precondition_failed")
    /// The backend or this server cannot do this.
    public static let unsupported = Self(rawValue: "unsupported")
    /// The server is going down.
    public static let shuttingDown = Self(rawValue: "shutting_down")
    /// A file or device failed.
    public static let io = Self(rawValue: "io")

    /// Every code of this server.
    public static let all: [ErrorCode] = [
        .badMessage, .unknownType, .badStreamID, .streamNotFound, .streamExists, .streamBusy, .noOpenStream, .range,
        .notYet, .end, .aborted, .digestMismatch, .storageFull, .streamTooLarge, .limit, .unauthorized,
        .preconditionFailed, .unsupported, .shuttingDown, .io,
    ]

    /// The word on the wire.
    public var description: String { self.rawValue }
}
