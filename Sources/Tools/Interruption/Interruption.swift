import UnixSignals

/// Somebody pressed Ctrl-C, or the system asked the process to end.
package struct Interruption: Error {
    /// Runs something, and cancels it at SIGINT or SIGTERM.
    ///
    /// - Parameter work: What to run.
    /// - Throws: What `work` throws, or an ``Interruption``.
    package static func cancelling(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let outcome = await withTaskGroup(of: Result<Void, any Error>?.self) { group in
            group.addTask {
                do {
                    return .success(try await work())
                } catch {
                    return .failure(error)
                }
            }
            group.addTask {
                for await _ in signals { return .failure(Interruption()) }
                return nil
            }
            var first: Result<Void, any Error>?
            while first == nil, let next = await group.next() { first = next }
            // Whichever is left ends: the work by being cancelled, the waiting for signals likewise.
            group.cancelAll()
            return first
        }
        try outcome?.get()
    }
}
