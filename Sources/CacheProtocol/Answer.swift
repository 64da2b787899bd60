/// What a backend says when it is asked for something: here it is, or it comes later.
///
/// A backend never blocks the thread that asks, which is an event loop: what it has at hand it gives now; for what a
/// device or a network has to bring it hands out a ``Later``.
public enum Answer<Value: Sendable>: Sendable {
    /// The value was at hand.
    case now(Value)
    /// The value takes a while.
    case later(Later<Value>)
}

extension Answer {
    /// The value, waited for where it is not at hand.
    ///
    /// - Returns: The value.
    /// - Throws: ``CacheError`` where it could not be had.
    public func value() async throws(CacheError) -> Value {
        switch self {
        case .now(let value): value
        case .later(let later): try await later.value()
        }
    }
}

/// A value that takes a while: a promise that costs nothing until somebody waits for it.
public struct Later<Value: Sendable>: Sendable {
    private let body: @Sendable () async throws(CacheError) -> Value

    /// Wraps the work.
    ///
    /// - Parameter body: Does the work and returns the value; called once for each ``value()``.
    public init(_ body: @escaping @Sendable () async throws(CacheError) -> Value) { self.body = body }

    /// Waits for the value.
    ///
    /// Call it once: the work may not be repeatable.
    ///
    /// - Returns: The value.
    /// - Throws: ``CacheError`` where it could not be had.
    public func value() async throws(CacheError) -> Value { try await self.body() }
}
