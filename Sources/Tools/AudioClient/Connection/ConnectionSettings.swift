import Logging

/// What a connection needs of the configuration.
struct ConnectionSettings: Sendable {
    /// How long the server may be silent when it is its turn.
    var answerTimeout: Duration
    /// How many GETs are under way at once where the server allows for it.
    var pipelineDepth: Int
    /// Where what is passed over is told.
    var logger: Logger
}
