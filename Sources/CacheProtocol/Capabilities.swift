/// What a backend can do beyond what every backend must, and its limits.
///
/// Callers ask this instead of testing for a backend's type, and `BackendTestKit` chooses by it which promises apply.
public struct Capabilities: Hashable, Sendable {
    /// Whether, and how, something can be done.
    public enum Support: String, Hashable, Sendable {
        /// Not at all: `unsupported`.
        case none
        /// Yes, by doing something dearer underneath, such as reading a directory for a listing.
        case emulated
        /// Yes, by the backend's own means.
        case native
    }

    /// Streams survive the end of the process.
    public var isPersistent = false
    /// Against what a sealed stream is safe.
    public var durability = Durability.memory
    /// A stream can be read while it is written.
    public var liveReads = Support.none
    /// A suspended stream can be gone on with.
    public var resume = Support.none
    /// Streams can be listed by page.
    public var listing = Support.none
    /// The backend computes SHA-256 of what it stores, and checks a declared one.
    public var digests = Support.none
    /// Streams are removed when their time is over.
    public var timeToLive = Support.none
    /// Content type and metadata are kept.
    public var metadata = Support.none
    /// Room is made by removing sealed streams, least recently read first.
    public var eviction = Support.none
    /// A copy of another backend's sealed stream keeps that stream's times; see ``WriteOptions/original``.
    public var copies = Support.none
    /// The longest stream the backend takes, in bytes, or `nil` for no limit of its own.
    public var maximumStreamSize: Int64?

    /// The capabilities that every backend has: none beyond the contract's minimum.
    public init() {}
}
