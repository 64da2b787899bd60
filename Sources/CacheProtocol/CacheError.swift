/// A failure of a cache operation.
///
/// Decide by ``code``; everything else is for the person who reads it. The message says what happened and what to do
/// about it, and never contains anything that a peer sent without its being checked or escaped.
public struct CacheError: Error {
    /// What kind of failure this is.
    public var code: Code
    /// What happened, and where possible what to do about it.
    public var message: String
    /// The stream concerned, if there is one.
    public var streamID: StreamID?
    /// The error underneath, such as a failed system call.
    public var cause: (any Error)?
    /// Where in the source the error was made.
    public var location: SourceLocation

    /// Makes an error located at the caller.
    ///
    /// - Parameters:
    ///   - code: What kind of failure this is.
    ///   - message: What happened, and what to do about it.
    ///   - streamID: The stream concerned.
    ///   - cause: The error underneath.
    ///   - function: The calling function.
    ///   - file: The calling file.
    ///   - line: The calling line.
    public init(
        _ code: Code,
        _ message: String,
        streamID: StreamID? = nil,
        cause: (any Error)? = nil,
        function: String = #function,
        file: String = #fileID,
        line: Int = #line
    ) {
        self.code = code
        self.message = message
        self.streamID = streamID
        self.cause = cause
        self.location = SourceLocation(function: function, file: file, line: line)
    }

    /// A place in the source.
    public struct SourceLocation: Hashable, Sendable {
        /// The function.
        public let function: String
        /// The module and file.
        public let file: String
        /// The line in the file.
        public let line: Int
    }
}

extension CacheError {
    /// The kind of a failure: the same words in the library, on the wire and in logs. Open to new ones.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable, snake_case name.
        public let rawValue: String

        private init(_ rawValue: String) { self.rawValue = rawValue }

        /// The name breaks the grammar of ``StreamID``.
        public static let badStreamID = Self("bad_stream_id")
        /// No stream has this id.
        public static let streamNotFound = Self("stream_not_found")
        /// A stream of this id is sealed, or suspended and not to be resumed.
        public static let streamExists = Self("stream_exists")
        /// Another writer holds the stream, or has taken it over.
        public static let streamBusy = Self("stream_busy")
        /// An offset or length that makes no sense.
        public static let range = Self("range")
        /// The stream was removed or aborted.
        public static let aborted = Self("aborted")
        /// The bytes do not have the digest that the writer declared.
        public static let digestMismatch = Self("digest_mismatch")
        /// There is no room; it may come back when streams are removed.
        public static let storageFull = Self("storage_full")
        /// The stream is longer than the configuration allows.
        public static let streamTooLarge = Self("stream_too_large")
        /// Too many of something: streams, connections, descriptors, requests.
        public static let limit = Self("limit")
        /// The backend cannot do this; see ``Capabilities``.
        public static let unsupported = Self("unsupported")
        /// The server is going down.
        public static let shuttingDown = Self("shutting_down")
        /// A file or device failed; ``CacheError/cause`` says how.
        public static let io = Self("io")
        /// The configuration is wrong.
        public static let configuration = Self("configuration")

        /// The name.
        public var description: String { self.rawValue }

        /// Whether the same request may succeed later without anybody changing it.
        public var isRetryable: Bool {
            self == .streamBusy || self == .storageFull || self == .limit || self == .shuttingDown
        }
    }
}

extension CacheError: CustomStringConvertible {
    /// One line for a log: code, stream, message and cause.
    public var description: String {
        let stream = self.streamID.map { " [\($0)]" } ?? ""
        let cause = self.cause.map { " (\($0))" } ?? ""
        return "\(self.code)\(stream): \(self.message)\(cause)"
    }
}
