/// A backend that asks before it removes a sealed stream to make room.
///
/// For a backend in front of another one, which must not let go of the only copy of a stream.
public protocol GuardedEviction: CacheBackend {
    /// Sets who is asked. Call it before ``CacheBackend/run()``, once.
    ///
    /// Asked only about sealed streams that are to make room for others: one whose time is over goes without asking, and
    /// so does what is removed by name.
    ///
    /// - Parameter mayEvict: Returns whether the stream may go. Called on a thread that may wait for a device, possibly
    ///   often for one stream; must not call the backend.
    func guardEviction(by mayEvict: @escaping @Sendable (StreamID) -> Bool)
}
