public import Logging

/// Where the client's notices go. The logging system of the original.
public enum ClientLog {
    /// A logger that says nothing.
    public static var silent: Logger { Logger(label: "audio-client", factory: { _ in SwiftLogNoOpLogHandler() }) }

    /// A logger that writes lines to standard error.
    ///
    /// - Parameter level: The least important level that is written.
    /// - Returns: The logger; it changes nothing for the rest of the process.
    public static func standardError(level: Logger.Level) -> Logger {
        var logger = Logger(label: "audio-client", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = level
        return logger
    }
}
