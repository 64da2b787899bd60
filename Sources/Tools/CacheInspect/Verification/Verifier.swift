import CacheProtocol
import SQLiteBackend

/// Verifies streams, several at once, in memory that does not grow with their number or length.
struct Verifier {
    /// What came of one check.
    private typealias Outcome = (finding: Finding, row: IndexedStream)

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
        var leftOut: Int64 = 0
        try await self.verifyEach { () async throws(InspectError) in
            while let stream = try await queue.next() {
                if selector?.chooses(stream.id, size: stream.size) ?? true { return stream }
                leftOut += 1
            }
            return nil
        }
        self.summary.leftOut = leftOut
    }

    private mutating func verifyNamed() async throws(InspectError) {
        var ids = self.options.ids[...]
        let inspector = self.inspector
        var strangers: [Finding] = []
        try await self.verifyEach { () async throws(InspectError) in
            while let id = ids.popFirst() {
                let row = try await BlockingWork.attempt { _ throws(InspectError) in
                    try inspector.inventory.stream(id)
                }
                if let row { return row }
                strangers.append(inspector.stranger(id))
            }
            return nil
        }
        for finding in strangers { self.count(finding) }
    }

    /// Verifies what `next` gives until that is `nil`.
    private mutating func verifyEach(_ next: () async throws(InspectError) -> IndexedStream?) async throws(InspectError)
    {
        let check = StreamCheck(inventory: self.inspector.inventory, files: self.inspector.files) { [meter] count in
            meter.add(bytes: count)
        }
        var copy = self
        let isOutOfTime = try await ParallelChecks.run(copy.options, next: next) { stream in
            await Self.outcome(check, stream)
        } take: { checked throws(InspectError) in
            try copy.take(checked)
        }
        copy.summary.isOutOfTime = isOutOfTime
        self = copy
    }

    /// Checks one stream; `nil` where that was cancelled half-way.
    private static func outcome(
        _ check: StreamCheck,
        _ stream: IndexedStream
    ) async -> Result<Outcome?, InspectError> {
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

    private mutating func take(_ checked: Outcome) throws(InspectError) {
        let (finding, row) = checked
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
            try inspector.forEachOrphan(cancellation) { finding in
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
