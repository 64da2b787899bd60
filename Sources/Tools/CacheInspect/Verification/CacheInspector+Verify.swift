extension CacheInspector {
    /// Reads streams' bytes again, and compares them with what is remembered: size and SHA-256.
    ///
    /// Where the task is cancelled the summary says so, and has what was done till then.
    ///
    /// - Parameters:
    ///   - options: Which streams.
    ///   - observer: Told what happens, from several threads, but one event at a time. It must return soon.
    /// - Returns: What came of it.
    /// - Throws: ``InspectError`` where the index or the directory can't be read.
    public func verify(
        _ options: VerifyOptions,
        observer: @escaping @Sendable (VerifyEvent) -> Void = { _ in }
    ) async throws(InspectError) -> VerifySummary {
        try await Verifier.run(self, options, observer: observer)
    }
}
