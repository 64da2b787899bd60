import CacheProtocol

/// A failure of the inspector: what happened, what to do about it, and what a program that ends with it returns.
public struct InspectError: Error, Hashable, Sendable {
    /// What kind of failure this is: the exit codes of sysexits(3), and 1 for something that is wrong in the cache.
    public enum Code: Int32, Hashable, Sendable, CaseIterable {
        /// Something is wrong in the cache, or a stream that was asked for isn't in it.
        case wrong = 1
        /// The command line makes no sense (EX_USAGE).
        case usage = 64
        /// There is no index, or no cache directory (EX_NOINPUT).
        case noIndex = 66
        /// The output can't be made (EX_CANTCREAT).
        case cannotCreate = 73
        /// A file or the index failed half-way (EX_IOERR).
        case io = 74
        /// A gateway is at work; try again when it is not (EX_TEMPFAIL).
        case busy = 75
        /// The configuration is wrong (EX_CONFIG).
        case configuration = 78
        /// Somebody pressed Ctrl-C.
        case interrupted = 130
    }

    /// What kind of failure this is.
    public var code: Code
    /// What happened, and to which stream or file.
    public var sentence: String
    /// What to do about it; empty where nothing can be advised.
    public var remedy: String

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: What kind of failure this is.
    ///   - sentence: What happened, and to which stream or file.
    ///   - remedy: What to do about it.
    public init(_ code: Code, _ sentence: String, remedy: String = "") {
        self.code = code
        self.sentence = sentence
        self.remedy = remedy
    }
}

extension InspectError: CustomStringConvertible {
    /// The sentence, and the remedy after it.
    public var description: String { self.remedy.isEmpty ? self.sentence : "\(self.sentence) \(self.remedy)" }
}

extension InspectError {
    /// Any failure as one of the inspector's.
    ///
    /// - Parameter error: What was thrown.
    /// - Returns: The error itself where it is one already.
    public static func from(_ error: any Error) -> InspectError {
        switch error {
        case let error as InspectError: error
        case let error as CacheError:
            InspectError(
                Self.code(error.code),
                (error.streamID.map { "Stream \($0): " } ?? "") + error.message
            )
        case is CancellationError: InspectError(.interrupted, "Interrupted.")
        case let error as ConfigError: InspectError(.configuration, "\(error)")
        default: InspectError(.io, "\(error)")
        }
    }

    private static func code(_ code: CacheError.Code) -> Code {
        switch code {
        case .badStreamID: .usage
        case .streamNotFound: .wrong
        case .configuration: .configuration
        default: .io
        }
    }
}
