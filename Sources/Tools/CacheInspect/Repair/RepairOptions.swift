/// What repairing may do.
public struct RepairOptions: Hashable, Sendable {
    /// Whether it is done, or only said.
    public var isApplied = false
    /// Whether the rows of sealed streams whose bytes are lost are forgotten; otherwise they are marked as missing.
    public var forgetsMissing = false

    /// Says only what it would do.
    public init() {}
}
