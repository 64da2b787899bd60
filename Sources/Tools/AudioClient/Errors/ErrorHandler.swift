import NIOCore
import NIOPosix
public import Wire

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Turns whatever can go wrong into a ``ClientError``: the one place that decides what a failure is called and what
/// to advise. The error handler of the original system.
public enum ErrorHandler {
    /// The error for whatever was thrown.
    ///
    /// - Parameters:
    ///   - error: What was thrown; a ``ClientError`` stays as it is.
    ///   - activity: What was being done, as it reads after "while".
    /// - Returns: The error to report.
    public static func clientError(_ error: any Error, while activity: String) -> ClientError {
        switch error {
        case let error as ClientError: error
        case is CancellationError:
            ClientError(.io, "Cancelled while \(activity).", cause: .cancelled)
        case let error as IOError where [ECONNRESET, EPIPE, ENOTCONN, ECONNABORTED].contains(error.errnoCode):
            self.dropped(while: activity)
        case let error as IOError:
            ClientError(.io, "The connection failed while \(activity): \(error).", cause: .system(error.errnoCode))
        case let error as ChannelError where error == .ioOnClosedChannel || error == .alreadyClosed:
            self.dropped(while: activity)
        case let error as FrameViolation:
            ClientError(
                .violation,
                "The server broke the WebSocket protocol while \(activity): it sent \(error.reason).",
                remedy: "Check that the URL is that of an audio stream cache."
            )
        default:
            ClientError(.io, "The connection failed while \(activity): \(error).")
        }
    }

    /// Tells a cancelled task from one whose connection failed, which look alike.
    ///
    /// - Parameter activity: What was being done.
    /// - Throws: ``ClientError`` with cause `cancelled` where the task was.
    static func throwIfCancelled(while activity: String) throws(ClientError) {
        if Task.isCancelled { throw self.clientError(CancellationError(), while: activity) }
    }

    /// The error for a connection that ended without a Close.
    ///
    /// - Parameters:
    ///   - activity: What was being done.
    ///   - isInsideFrame: Whether a frame was cut short.
    /// - Returns: The error to report.
    public static func dropped(while activity: String, isInsideFrame: Bool = false) -> ClientError {
        ClientError(
            .io,
            isInsideFrame
                ? "The server dropped the connection in the middle of a frame, while \(activity)."
                : "The server dropped the connection while \(activity).",
            remedy: "Try again; the server's log tells why.",
            cause: .dropped
        )
    }

    /// The error for a Close that came before the work was done.
    ///
    /// - Parameters:
    ///   - code: The code, where there was one.
    ///   - reason: The server's reason.
    ///   - activity: What was being done.
    /// - Returns: The error to report.
    public static func closed(_ code: CloseCode?, reason: String, while activity: String) -> ClientError {
        let number = code.map { " with code \($0)" } ?? ""
        let because = reason.isEmpty ? "" : ": \(self.printable(reason))"
        let kind: ClientError.Code =
            switch code {
            case .goingAway, .serviceRestart, .tryAgainLater, .policyViolation, .internalError: .unavailable
            default: .io
            }
        return ClientError(
            kind,
            "The server closed the connection\(number) while \(activity)\(because).",
            remedy: code == .messageTooBig ? "Try smaller chunks." : "Try again later.",
            cause: .closed(code)
        )
    }

    /// The error for an ERROR of the server.
    ///
    /// - Parameters:
    ///   - message: The message.
    ///   - activity: What was being done.
    /// - Returns: The error to report.
    public static func refused(_ message: ServerMessage, while activity: String) -> ClientError {
        let text = message.message.isEmpty ? "no reason given" : self.printable(message.message)
        let (code, advice) = self.advice(for: message)
        // A server that gives a code says in its message what to do.
        let remedy = message.code == nil || message.message.isEmpty ? advice : ""
        return ClientError(
            code,
            "The server refused while \(activity): \(text)",
            remedy: remedy,
            cause: .server(message.code, isRetryable: message.isRetryable ?? false)
        )
    }

    /// The error for a wait that took too long.
    ///
    /// - Parameters:
    ///   - timeout: How long it was.
    ///   - activity: What was being done.
    /// - Returns: The error to report.
    public static func timedOut(after timeout: Duration, while activity: String) -> ClientError {
        ClientError(
            .unavailable,
            "Nothing came from the server for \(timeout.inMilliseconds) ms while \(activity).",
            remedy: "Check that the server works, or allow more time.",
            cause: .timedOut
        )
    }

    /// The error for a system call that failed on a file.
    ///
    /// - Parameters:
    ///   - call: The call's name.
    ///   - path: The file.
    ///   - number: The error number (errno(3)).
    ///   - code: What kind of failure that is.
    /// - Returns: The error to report.
    static func file(_ call: String, _ path: String, _ number: Int32, _ code: ClientError.Code) -> ClientError {
        ClientError(
            code,
            "\(path): \(call) failed: \(String(cString: strerror(number))).",
            remedy: number == ENOSPC ? "Make room on the disk." : "",
            cause: .system(number)
        )
    }

    private static func advice(for message: ServerMessage) -> (ClientError.Code, String) {
        switch message.code {
        case .streamNotFound: (.noInput, "Check the stream id.")
        case .streamExists: (.cannotCreate, "Choose another stream id.")
        case .streamBusy: (.unavailable, "Wait until the other writer is done, or choose another stream id.")
        case .digestMismatch: (.badData, "Upload the file again.")
        case .streamTooLarge, .storageFull, .limit, .shuttingDown: (.unavailable, "")
        case .unauthorized: (.notPermitted, "Use a token that has the right.")
        case .aborted: (.noInput, "")
        case .io: (.io, "The server's log tells more.")
        case .badMessage, .unknownType, .unsupported, .noOpenStream, .range: (.violation, "")
        case .badStreamID: (.usage, "")
        default:
            message.message.lowercased().contains("not found") ? (.noInput, "Check the stream id.") : (.unavailable, "")
        }
    }

    /// A peer's text with control characters taken out, and cut to a length that fits a line.
    package static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars.prefix(300) {
            let category = scalar.properties.generalCategory
            result.unicodeScalars.append(category == .control || category == .format ? " " : scalar)
        }
        return result
    }
}

extension Duration {
    /// Whole milliseconds.
    var inMilliseconds: Int64 {
        self.components.seconds * 1_000 + self.components.attoseconds / 1_000_000_000_000_000
    }

    /// As NIO counts time.
    var timeAmount: TimeAmount {
        .nanoseconds(self.components.seconds * 1_000_000_000 + self.components.attoseconds / 1_000_000_000)
    }
}
