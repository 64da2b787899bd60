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
