public import Wire

/// A failure of the client: what happened, what to do about it, and what a program that ends with it should return.
///
/// Decide by ``code`` and ``cause``; ``sentence`` and ``remedy`` are for the person who reads them.
public struct ClientError: Error, Hashable, Sendable {
    /// What kind of failure this is: the exit codes of sysexits(3), and 1 for work that was done and came out wrong.
    public enum Code: Int32, Hashable, Sendable, CaseIterable {
        /// The work was finished, and its result is not what it should be.
        case differs = 1
        /// The command line, or a call, makes no sense (EX_USAGE).
        case usage = 64
        /// The data is wrong (EX_DATAERR).
        case badData = 65
        /// The input is not there or can't be read (EX_NOINPUT).
        case noInput = 66
        /// The server is not there, or can't do it now (EX_UNAVAILABLE).
        case unavailable = 69
        /// The output can't be made (EX_CANTCREAT).
        case cannotCreate = 73
        /// A file or a connection failed half-way (EX_IOERR).
        case io = 74
        /// The server does not speak the protocol (EX_PROTOCOL).
        case violation = 76
        /// The server does not let this client do that (EX_NOPERM).
        case notPermitted = 77
        /// A setting is wrong (EX_CONFIG).
        case configuration = 78
    }

    /// What a program decides by, beyond the code.
    public enum Cause: Hashable, Sendable {
        /// Nobody listens at the address.
        case refused
        /// Nothing came in time.
        case timedOut
        /// The server said Close, with this code where it gave one.
        case closed(CloseCode?)
        /// The connection ended without a Close.
        case dropped
        /// The server answered the handshake with this status instead of 101.
        case status(Int)
        /// The server said ERROR.
        case server(ErrorCode?, isRetryable: Bool)
        /// A system call failed with this number (errno(3)).
        case system(Int32)
        /// The task was cancelled.
        case cancelled
    }

    /// What kind of failure this is.
    public var code: Code
    /// What happened, and to which stream or file.
    public var sentence: String
    /// What to do about it; empty where nothing can be advised.
    public var remedy: String
    /// What underlies it, where something does.
    public var cause: Cause?

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: What kind of failure this is.
    ///   - sentence: What happened, and to which stream or file.
    ///   - remedy: What to do about it.
    ///   - cause: What underlies it.
    public init(_ code: Code, _ sentence: String, remedy: String = "", cause: Cause? = nil) {
        self.code = code
        self.sentence = sentence
        self.remedy = remedy
        self.cause = cause
    }

    /// Whether the connection is what failed, so that another connection may do better.
    public var isOfTheConnection: Bool {
        switch self.cause {
        case .refused, .timedOut, .closed, .dropped: true
        case .status, .server, .system, .cancelled, .none: false
        }
    }
}

extension ClientError: CustomStringConvertible {
    /// The sentence, and the remedy after it.
    public var description: String { self.remedy.isEmpty ? self.sentence : "\(self.sentence) \(self.remedy)" }
}
