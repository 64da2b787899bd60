import Wire

/// Which failures another attempt may get over.
public enum RetryRule {
    /// Whether to try to connect again.
    ///
    /// - Parameter error: Why connecting failed.
    /// - Returns: `true` where the reason may go away by itself.
    public static func isWorthRetrying(connecting error: ClientError) -> Bool {
        switch error.cause {
        case .refused, .timedOut, .closed, .dropped: true
        case .status: error.code == .unavailable
        case .server, .system, .cancelled, .none: false
        }
    }

    /// Whether a failure passes by itself, so that the same may succeed over a new connection.
    ///
    /// - Parameter error: Why something broke off.
    /// - Returns: `true` where only the connection failed, or the server says to come back.
    public static func isPassing(_ error: ClientError) -> Bool {
        switch error.cause {
        case .server(let code, let isRetryable): isRetryable || code == .shuttingDown
        default: self.isWorthResuming(after: error, hasProgressed: true)
        }
    }

    /// Whether to go on with a transfer over a new connection.
    ///
    /// - Parameters:
    ///   - error: Why the transfer broke off.
    ///   - hasProgressed: Whether anything was transferred since the last connection was made.
    /// - Returns: `true` where the connection is what failed, and there is hope.
    public static func isWorthResuming(after error: ClientError, hasProgressed: Bool) -> Bool {
        guard hasProgressed else { return false }
        return switch error.cause {
        case .dropped, .timedOut: true
        case .closed(let code): code != .messageTooBig && code != .policyViolation && code != .protocolError
        case .refused, .status, .server, .system, .cancelled, .none: false
        }
    }
}
