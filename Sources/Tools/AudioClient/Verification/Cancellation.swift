import Synchronization

/// Whether anybody still waits for work that holds a thread; what takes long looks at it now and then.
final class Cancellation: Sendable {
    private let activity: String
    private let flag = Atomic(false)

    /// Nobody has cancelled the work.
    ///
    /// - Parameter activity: What is being done, as it reads after "while".
    init(of activity: String) { self.activity = activity }

    /// Nobody waits any more.
    func cancel() { self.flag.store(true, ordering: .relaxed) }

    /// Ends the work where nobody waits for it.
    ///
    /// - Throws: ``ClientError`` with cause `cancelled`.
    func check() throws(ClientError) {
        guard self.flag.load(ordering: .relaxed) else { return }
        throw ErrorHandler.clientError(CancellationError(), while: self.activity)
    }
}
