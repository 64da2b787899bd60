import CacheProtocol

/// What upkeep remembers between its turns.
struct UpkeepState {
    /// What time it is for letting streams expire.
    var time: ExpiryTime
    /// Streams that must not be sealed any more, and why.
    var damaged: [StreamID: String] = [:]
    /// How many streams went, and their bytes.
    var evicted = StorageBudget.Usage()
    var expired = StorageBudget.Usage()
    /// What the start found; `nil` until it is through.
    var recovery: RecoveryReport?
    /// Why the start could not look through everything.
    var recoveryFailure: String?

    init(time: ExpiryTime) { self.time = time }

    mutating func count(_ reason: EvictionPlan.Reason, _ bytes: Int64) {
        switch reason {
        case .evicted:
            self.evicted.streams += 1
            self.evicted.bytes += bytes
        case .expired:
            self.expired.streams += 1
            self.expired.bytes += bytes
        }
    }
}
