import CacheProtocol
import SQLiteBackend

/// Verifies streams, several at once, in memory that does not grow with their number or length.
struct Verifier {
    /// What came of one check; `nil` where it was cancelled half-way.
    private typealias Outcome = Result<(finding: Finding, row: IndexedStream)?, InspectError>

    private let inspector: CacheInspector
    private let options: VerifyOptions
    private let meter: VerifyMeter
    private var summary = VerifySummary()
    private var isRecording: Bool

    /// Verifies what the options ask for.
    static func run(
        _ inspector: CacheInspector,
        _ options: VerifyOptions,
        observer: @escaping @Sendable (VerifyEvent) -> Void
    ) async throws(InspectError) -> VerifySummary {
        let started = ContinuousClock.now
        let query = Self.query(options, now: inspector.clock())
        let totals = try await Self.totals(inspector, options, query)
        let isWhole = options.ids.isEmpty && options.sample == nil
        let meter = VerifyMeter(
            totalStreams: isWhole ? totals?.count : options.ids.isEmpty ? nil : Int64(options.ids.count),
            totalBytes: isWhole ? totals?.bytes : nil,
            started: started,
            observer: observer
        )
        var verifier = Verifier(inspector, options, meter)
        if options.ids.isEmpty {
            try await verifier.verifyStreams(query, totalBytes: totals?.bytes ?? 0)
            try await verifier.findOrphans()
        } else {
            try await verifier.verifyNamed()
        }
        verifier.summary.isInterrupted = Task.isCancelled
        verifier.summary.elapsed = meter.elapsed
        return verifier.summary
    }

    private init(_ inspector: CacheInspector, _ options: VerifyOptions, _ meter: VerifyMeter) {
        self.inspector = inspector
        self.options = options
        self.meter = meter
        self.isRecording = options.isRecorded && inspector.hasIndex
    }

    private static func query(_ options: VerifyOptions, now: Timestamp) -> StreamIndexQuery {
        var query = StreamIndexQuery()
        query.notVerifiedSince = options.notVerifiedSince.map {
            Timestamp(millisecondsSinceEpoch: now.millisecondsSinceEpoch - $0.milliseconds)
        }
        return query
    }

    /// How much there is. A directory without an index would have to be read twice for it, which only a sample of so
    /// many bytes is worth.
    private static func totals(
        _ inspector: CacheInspector,
        _ options: VerifyOptions,
        _ query: StreamIndexQuery
    ) async throws(InspectError) -> StreamIndex.Totals? {
        var isNeeded = inspector.hasIndex && options.ids.isEmpty
        if case .bytes = options.sample { isNeeded = true }
        guard isNeeded else { return nil }
        let inventory = inspector.inventory
        let totals = try await BlockingWork.attempt { _ throws(InspectError) in try inventory.totals(query) }
        return totals.values.reduce(into: StreamIndex.Totals()) {
            $0.add($1)
        }
    }

    // MARK: The streams

    private mutating func verifyStreams(_ query: StreamIndexQuery, totalBytes: Int64) async throws(InspectError) {
        var selector = self.options.sample.map {
            SampleSelector($0, totalBytes: totalBytes, phase: self.options.phase)
        }
        var queue = StreamQueue(self.inspector.inventory, query)
        try await self.verifyEach { () async throws(InspectError) in
            while let stream = try await queue.next() {
                if selector?.chooses(stream.id, size: stream.size) ?? true { return (stream, 0) }
                return (nil, 1)
            }
            return nil
        }
    }

    private mutating func verifyNamed() async throws(InspectError) {
        var ids = self.options.ids[...]
        let inspector = self.inspector
        var strangers: [Finding] = []
        try await self.verifyEach { () async throws(InspectError) in
            guard let id = ids.popFirst() else { return nil }
            let row = try await BlockingWork.attempt { _ throws(InspectError) in try inspector.inventory.stream(id) }
            if row == nil { strangers.append(inspector.stranger(id)) }
            return (row, 0)
        }
        for finding in strangers { self.count(finding) }
    }

    /// Verifies what `next` gives until that is `nil`: a stream, or how many were left out.
    private mutating func verifyEach(
        _ next: () async throws(InspectError) -> (stream: IndexedStream?, leftOut: Int64)?
    ) async throws(InspectError) {
        let deadline = self.options.maximumDuration.map { ContinuousClock.now + .milliseconds($0.milliseconds) }
        let check = StreamCheck(inventory: self.inspector.inventory, files: self.inspector.files) { [meter] count in
            meter.add(bytes: count)
        }
        var copy = self
        let failure = await withTaskGroup(of: Outcome.self) { group -> InspectError? in
            var running = 0
            do throws(InspectError) {
                while !Task.isCancelled, let (stream, leftOut) = try await next() {
                    copy.summary.leftOut += leftOut
                    guard let stream else { continue }
                    if let deadline, ContinuousClock.now >= deadline {
                        copy.summary.isOutOfTime = true
                        break
                    }
                    if running >= min(max(copy.options.jobs, 1), 64), let outcome = await group.next() {
                        try copy.take(outcome)
                        running -= 1
                    }
                    group.addTask { await Self.outcome(check, stream) }
                    running += 1
                }
                while let outcome = await group.next() { try copy.take(outcome) }
                return nil
            } catch {
                group.cancelAll()
                return error
            }
        }
        self = copy
        if let failure { throw failure }
    }

    private static func outcome(_ check: StreamCheck, _ stream: IndexedStream) async -> Outcome {
        do throws(InspectError) {
            return .success(
                try await BlockingWork.attempt { cancellation throws(InspectError) in
                    let checked = try check.check(stream, cancellation)
                    return cancellation.isCancelled ? nil : checked
                }
            )
        } catch {
            return .failure(error)
        }
    }

    // MARK: What came of it

    private mutating func take(_ outcome: Outcome) throws(InspectError) {
        guard let (finding, row) = try outcome.get() else { return }
        self.count(finding)
        guard self.isRecording, let verification = finding.verdict.verification else { return }
        do throws(InspectError) {
            let inventory = self.inspector.inventory
            if try inventory.record(verification, of: row, at: self.inspector.clock()) { self.summary.recorded += 1 }
        } catch {
            // Verifying is worth doing where nothing can be written, as over a snapshot.
            self.isRecording = false
            self.meter.notice("The results are not remembered in the index. \(error)")
        }
    }

    private mutating func count(_ finding: Finding) {
        self.summary.counts[finding.verdict, default: 0] += 1
        self.summary.bytes += finding.bytesRead
        if finding.isDigestCompared { self.summary.digestsCompared += 1 }
        self.meter.add(finding)
    }

    private mutating func findOrphans() async throws(InspectError) {
        guard self.inspector.hasIndex, !self.summary.isOutOfTime, !Task.isCancelled else { return }
        let (inspector, meter) = (self.inspector, self.meter)
        let count = try await BlockingWork.attempt { cancellation throws(InspectError) in
            var count: Int64 = 0
            try inspector.forEachOrphan { finding in
                count += 1
                meter.add(finding)
                return !cancellation.isCancelled
            }
            return count
        }
        if count > 0 { self.summary.counts[.orphanFile, default: 0] += count }
    }
}

extension Finding.Verdict {
    /// What the index remembers of a verdict; `nil` for those that are not about a row.
    fileprivate var verification: IndexedStream.Verification? {
        switch self {
        case .ok: .good
        case .missingFile, .orphanRow: .missingFile
        case .sizeDiffers: .sizeDiffers
        case .digestDiffers: .digestDiffers
        case .unreadable: .unreadable
        case .stateDiffers, .orphanFile, .noSuchStream, .removedMeanwhile: nil
        }
    }
}
