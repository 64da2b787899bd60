import Synchronization

/// Adds up what several checks do at once, and tells it, one event at a time.
final class VerifyMeter: Sendable {
    private let progress: Mutex<VerifyProgress>
    private let started: ContinuousClock.Instant
    private let observer: @Sendable (VerifyEvent) -> Void

    init(
        totalStreams: Int64?,
        totalBytes: Int64?,
        started: ContinuousClock.Instant,
        observer: @escaping @Sendable (VerifyEvent) -> Void
    ) {
        self.progress = Mutex(VerifyProgress(totalStreams: totalStreams, totalBytes: totalBytes))
        self.started = started
        self.observer = observer
    }

    var elapsed: Duration { ContinuousClock.now - self.started }

    /// Bytes were read.
    func add(bytes: Int64) {
        self.progress.withLock { progress in
            progress.bytes += bytes
            progress.elapsed = self.elapsed
            self.observer(.progress(progress))
        }
    }

    /// A check is done.
    func add(_ finding: Finding) {
        self.progress.withLock { progress in
            if finding.verdict != .orphanFile { progress.streams += 1 }
            if finding.verdict.isWrong { progress.wrong += 1 }
            self.observer(.finding(finding))
        }
    }

    func notice(_ text: String) { self.progress.withLock { _ in self.observer(.notice(text)) } }
}
