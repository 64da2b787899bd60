public import CacheProtocol

/// How long streams are kept that do not say so themselves.
public struct KeepingRules: Hashable, Sendable {
    /// For sealed streams without a time to live of their own, in seconds; `nil` for ever.
    public var timeToLiveSeconds: Int64?
    /// For streams whose writer went away, in seconds.
    public var suspendedTimeToLiveSeconds: Int64

    /// Makes rules.
    ///
    /// - Parameters:
    ///   - timeToLiveSeconds: For sealed streams without a time to live of their own; `nil` for ever.
    ///   - suspendedTimeToLiveSeconds: For streams whose writer went away.
    public init(timeToLiveSeconds: Int64?, suspendedTimeToLiveSeconds: Int64) {
        self.timeToLiveSeconds = timeToLiveSeconds
        self.suspendedTimeToLiveSeconds = suspendedTimeToLiveSeconds
    }
}

/// What has to be known of a stream to decide whether it goes.
public struct EvictionCandidate: Hashable, Sendable {
    /// The stream's name.
    public var id: StreamID
    /// Whether the stream is sealed; otherwise it is suspended.
    public var isSealed: Bool
    /// Its bytes.
    public var size: Int64
    /// When the stream was last read, or sealed where it was never read, or left by its writer.
    public var lastUsedAt: Timestamp
    /// When the stream was sealed, or left by its writer.
    public var changedAt: Timestamp
    /// The stream's own time to live, in seconds.
    public var timeToLiveSeconds: Int64?

    /// Describes a stream.
    ///
    /// - Parameters:
    ///   - info: The facts.
    ///   - changedAt: When the stream was left by its writer, for those that are not sealed.
    public init(_ info: StreamInfo, changedAt: Timestamp) {
        let changedAt = info.sealedAt ?? changedAt
        self.id = info.id
        self.isSealed = info.state == .sealed
        self.size = info.size
        self.changedAt = changedAt
        self.lastUsedAt = max(info.lastReadAt ?? changedAt, changedAt)
        self.timeToLiveSeconds = info.timeToLiveSeconds
    }

    /// When the stream's time is over; `nil` for never.
    ///
    /// - Parameter rules: How long streams are kept that do not say so themselves.
    /// - Returns: The moment.
    public func deadline(_ rules: KeepingRules) -> Timestamp? {
        guard self.isSealed else { return self.changedAt.advanced(bySeconds: rules.suspendedTimeToLiveSeconds) }
        return (self.timeToLiveSeconds ?? rules.timeToLiveSeconds).map { self.changedAt.advanced(bySeconds: $0) }
    }

    /// Orders candidates by how long ago they were used; equal ones by id.
    static func isUsedEarlier(_ lhs: Self, _ rhs: Self) -> Bool {
        (lhs.lastUsedAt, lhs.id) < (rhs.lastUsedAt, rhs.id)
    }
}
