import Logging
import NIOCore
import Wire

/// What a connection needs of the configuration.
struct ConnectionSettings: Sendable {
    /// How long the server may be silent when it is its turn.
    var answerTimeout: Duration
    /// How many GETs are under way at once where the server allows for it.
    var pipelineDepth: Int
    /// Where what is passed over is told.
    var logger: Logger
    /// How much of what the server sends is accepted.
    var frameLimits = Self.lenientLimits
    /// Tells how many bytes the server's system has not taken yet.
    var sendQueue: @Sendable (any Channel) -> Int64? = SendQueue.length
    /// Makes what the connection does from its first byte on; where `nil`, it does nothing until something begins.
    var firstActivity: (@Sendable () -> any Activity)?

    /// What fits every server: some send audio as text, which then is neither short nor UTF-8.
    static var lenientLimits: FrameParser.Limits {
        var limits = FrameParser.Limits()
        limits.textMessageLength = Int(limits.binaryMessageLength)
        limits.checksText = false
        return limits
    }
}
