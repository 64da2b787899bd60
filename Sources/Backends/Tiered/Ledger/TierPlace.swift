/// Where a stream of the hot tier is, by the ledger.
public enum TierPlace: String, Hashable, Sendable, CaseIterable {
    /// In the hot tier alone, as far as is known.
    case pending
    /// In the cold tier, and verified there. In the hot tier perhaps.
    case copied
    /// In the cold tier, and in part in the hot one.
    case filling
    /// In the hot tier; the cold one has another stream of this name.
    case conflict
    /// In the hot tier. The cold one had it, has not got it any more, and nothing says that it was removed there and not
    /// lost: neither served, nor let go of.
    case missing
}
