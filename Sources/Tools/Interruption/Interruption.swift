import UnixSignals

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Somebody pressed Ctrl-C, or the system asked the process to end.
package struct Interruption: Error {
    /// What the work ended with once it was cancelled, which may say what it has left behind; `nil` where it came to its
    /// end all the same.
    package let failure: (any Error)?

    /// What a shell makes of a process that SIGINT has ended.
    package static let exitStatus: Int32 = 130

    /// How long after the first signal another one is meant as one: timeout(1) and its like send each signal twice, to
    /// the process and to its group.
    private static let echo = Duration.milliseconds(200)

    private enum Event: Sendable {
        case ended(Result<Void, any Error>)
        case interrupted
        case unheard
    }

    /// Runs something, and cancels it at SIGINT or SIGTERM. What it does then to leave nothing behind is waited for;
    /// whoever can't wait sends another signal, which ends the process at once, with ``exitStatus``.
    ///
    /// - Parameter work: What to run.
    /// - Throws: What `work` throws, or an ``Interruption``.
    package static func cancelling(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let (interruption, interrupt) = AsyncStream<Void>.makeStream()
        let outcome: Result<Void, any Error> = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                var first: ContinuousClock.Instant?
                for await _ in signals {
                    guard let begin = first else {
                        first = ContinuousClock.now
                        interrupt.yield()
                        continue
                    }
                    if ContinuousClock.now - begin >= Self.echo { _exit(Self.exitStatus) }
                }
            }
            let ended = await Self.run(work, until: interruption)
            group.cancelAll()
            return ended
        }
        try outcome.get()
    }

    /// Runs something to its end, which comes soon once there was an interruption.
    private static func run(
        _ work: @escaping @Sendable () async throws -> Void,
        until interruption: AsyncStream<Void>
    ) async -> Result<Void, any Error> {
        await withTaskGroup(of: Event.self) { group in
            group.addTask {
                do {
                    try await work()
                    return .ended(.success(()))
                } catch {
                    return .ended(.failure(error))
                }
            }
            group.addTask {
                for await _ in interruption { return .interrupted }
                return .unheard
            }
            var isInterrupted = false
            for await event in group {
                switch event {
                case .ended(let outcome):
                    // The waiting for an interruption ends by being cancelled.
                    group.cancelAll()
                    guard isInterrupted else { return outcome }
                    if case .failure(let error) = outcome { return .failure(Interruption(failure: error)) }
                    return .failure(Interruption(failure: nil))
                case .interrupted:
                    isInterrupted = true
                    group.cancelAll()
                case .unheard: continue
                }
            }
            return .failure(CancellationError())
        }
    }
}
