public import NIOCore

/// Whoever is told that a stream has grown, instead of waiting for it in a task: see
/// ``StreamReader/observeGrowth(past:while:_:)``.
public protocol GrowthObserver: AnyObject, Sendable {
    /// The wait is over. Called once for each, on any thread, the one that asked among them; must not block.
    ///
    /// - Parameter growth: What is known of it.
    func streamHasGrown(_ growth: StreamGrowth)
}

/// That a stream has grown or changed its state.
public struct StreamGrowth: Sendable {
    /// The stream's length and state, as they ended the wait.
    public var status: StreamStatus
    /// The bytes that came last, up to the end of what may be read, where the backend had them at hand: they need not be
    /// read any more. To be treated as immutable.
    public var latest: ByteBuffer?

    /// Tells of a change.
    ///
    /// - Parameters:
    ///   - status: The stream's length and state.
    ///   - latest: The bytes before `status.size`, where they are at hand.
    public init(_ status: StreamStatus, latest: ByteBuffer? = nil) {
        self.status = status
        self.latest = latest
    }
}

/// A wait for a stream to grow that takes no task. Dropping it gives the wait up: its observer may still be told if that
/// is under way, and is not after that.
public struct GrowthWait: ~Copyable, Sendable {
    private let kind: Kind

    private enum Kind {
        case listed(GrowthWaiters, number: UInt64)
        case other(@Sendable () -> Void)
    }

    /// - Parameter cancel: Gives the wait up. Called once, whether it is over or not.
    public init(_ cancel: @escaping @Sendable () -> Void) { self.kind = .other(cancel) }

    /// No wait: the observer is told at once.
    ///
    /// - Parameters:
    ///   - status: What it is told.
    ///   - observer: Who is told.
    /// - Returns: A wait that is over.
    public static func over(_ status: StreamStatus, _ observer: any GrowthObserver) -> GrowthWait {
        observer.streamHasGrown(StreamGrowth(status))
        return GrowthWait {}
    }

    init(in waiters: GrowthWaiters, number: UInt64) { self.kind = .listed(waiters, number: number) }

    deinit {
        switch self.kind {
        case .listed(let waiters, let number): waiters.forget(number)
        case .other(let cancel): cancel()
        }
    }
}
