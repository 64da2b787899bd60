import Dispatch

/// A place in a file call where a worker's thread waits until a test lets it go on.
///
/// The test waits for the arrival without holding a thread: there are only as many for tasks as the machine has cores.
package final class Turnstile: Sendable {
    private let arrivals: AsyncStream<Void>
    private let arrival: AsyncStream<Void>.Continuation
    private let gate = DispatchSemaphore(value: 0)

    package init() { (self.arrivals, self.arrival) = AsyncStream.makeStream() }

    /// Says that somebody is here, and waits. Called on a thread that may wait.
    package func pass() {
        self.arrival.yield()
        self.gate.wait()
    }

    /// Returns once somebody is here.
    package func reached() async { for await _ in self.arrivals { return } }

    /// Lets who is here, or comes next, go on.
    package func open() { self.gate.signal() }
}
