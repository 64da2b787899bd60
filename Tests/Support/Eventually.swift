/// What was waited for did not come about.
public struct NeverHappened: Error, CustomStringConvertible {
    /// What was waited for.
    public let what: String

    /// What was waited for, and that it did not come.
    public var description: String { "It never came about that \(self.what)." }
}

/// Looks again and again until something is so, for what goes on in the background and tells nobody.
///
/// - Parameters:
///   - what: What is waited for, as the end of a sentence.
///   - limit: How long to wait; far longer than it takes.
///   - condition: Whether it is so.
/// - Throws: ``NeverHappened``, or what `condition` throws.
public func eventually(
    _ what: String,
    within limit: Duration = .seconds(60),
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now.advanced(by: limit)
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NeverHappened(what: what) }
        try await Task.sleep(for: .milliseconds(5))
    }
}
