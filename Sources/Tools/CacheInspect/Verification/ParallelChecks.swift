/// Checks streams, a few at a time.
enum ParallelChecks {
    /// Checks what `next` gives until that is `nil`, the time is over, or the task is cancelled.
    ///
    /// - Parameters:
    ///   - options: How many at a time, and for how long.
    ///   - next: The next stream.
    ///   - check: Checks one, several of them at once; `nil` where there is nothing to tell.
    ///   - take: Takes what came of one, one after the other.
    /// - Returns: Whether the time was over before all were begun.
    static func run<Stream: Sendable, Outcome: Sendable>(
        _ options: VerifyOptions,
        next: () async throws(InspectError) -> Stream?,
        check: @escaping @Sendable (Stream) async -> Result<Outcome?, InspectError>,
        take: (Outcome) throws(InspectError) -> Void
    ) async throws(InspectError) -> Bool {
        let deadline = options.maximumDuration.map { ContinuousClock.now + .milliseconds($0.milliseconds) }
        let width = min(max(options.jobs, 1), 64)
        var isOutOfTime = false
        let failure = await withTaskGroup(of: Result<Outcome?, InspectError>.self) { group -> InspectError? in
            var running = 0
            do throws(InspectError) {
                while !Task.isCancelled, let stream = try await next() {
                    if let deadline, ContinuousClock.now >= deadline {
                        isOutOfTime = true
                        break
                    }
                    if running >= width, let result = await group.next() {
                        if let outcome = try result.get() { try take(outcome) }
                        running -= 1
                    }
                    group.addTask { await check(stream) }
                    running += 1
                }
                while let result = await group.next() { if let outcome = try result.get() { try take(outcome) } }
                return nil
            } catch {
                group.cancelAll()
                return error
            }
        }
        if let failure { throw failure }
        return isOutOfTime
    }
}
