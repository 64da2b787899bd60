/// What a stream is doing.
public enum StreamState: String, Hashable, Sendable, CaseIterable {
    /// A writer holds it; it grows.
    case live
    /// Its writer went away without finishing or aborting: kept, readable, resumable until it expires.
    case suspended
    /// Finished; never changes again.
    case sealed
    /// Removed or aborted. Readers that hold it finish with what they have; nobody else finds it.
    case removed
}

/// A stream's length and state at one moment.
public struct StreamStatus: Hashable, Sendable {
    /// How many bytes can be read from offset 0 on. Never shrinks while a writer is at work.
    public var size: Int64
    /// What the stream is doing.
    public var state: StreamState

    /// Makes a status.
    ///
    /// - Parameters:
    ///   - size: Readable bytes.
    ///   - state: What the stream is doing.
    public init(size: Int64, state: StreamState) {
        self.size = size
        self.state = state
    }
}
