import CacheProtocol
import S3Backend

/// Verifies objects, several at once, in memory that does not grow with their number or length.
struct ColdVerifier {
    private static let pageLength = 1_000

    private let backend: S3Backend
    private let options: VerifyOptions
    private let meter: VerifyMeter
    private var summary = VerifySummary()

    /// Verifies what the options ask for.
    static func run(
        _ store: ColdStore,
        _ options: VerifyOptions,
        observer: @escaping @Sendable (VerifyEvent) -> Void
    ) async throws(InspectError) -> VerifySummary {
        let meter = VerifyMeter(
            totalStreams: options.ids.isEmpty ? nil : Int64(options.ids.count),
            totalBytes: nil,
            started: .now,
            observer: observer
        )
        var verifier = ColdVerifier(backend: store.backend, options: options, meter: meter)
        if options.ids.isEmpty { try await verifier.verifyAll() } else { try await verifier.verifyNamed() }
        verifier.summary.isInterrupted = Task.isCancelled
        verifier.summary.elapsed = meter.elapsed
        return verifier.summary
    }

    private init(backend: S3Backend, options: VerifyOptions, meter: VerifyMeter) {
        self.backend = backend
        self.options = options
        self.meter = meter
    }

    private var check: ColdCheck {
        let meter = self.meter
        return ColdCheck(backend: self.backend) { meter.add(bytes: $0) }
    }

    private mutating func verifyAll() async throws(InspectError) {
        var totalBytes: Int64 = 0
        if case .bytes = self.options.sample {
            var all = CopyQueue(self.backend, pageLength: Self.pageLength)
            while let copy = try await all.next() { totalBytes += copy.size }
        }
        var selector = self.options.sample.map {
            SampleSelector($0, totalBytes: totalBytes, phase: self.options.phase)
        }
        var queue = CopyQueue(self.backend, pageLength: Self.pageLength)
        var leftOut: Int64 = 0
        let check = self.check
        try await self.verifyEach { () async throws(InspectError) in
            while let copy = try await queue.next() {
                if selector?.chooses(copy.id, size: copy.size) ?? true { return copy.id }
                leftOut += 1
            }
            return nil
        } check: { id async throws(InspectError) in
            try await check.check(id)
        }
        self.summary.leftOut = leftOut
    }

    private mutating func verifyNamed() async throws(InspectError) {
        var ids = self.options.ids[...]
        let check = self.check
        try await self.verifyEach { () async throws(InspectError) in
            ids.popFirst()
        } check: { id async throws(InspectError) in
            try await check.checkNamed(id)
        }
    }

    private mutating func verifyEach(
        _ next: () async throws(InspectError) -> StreamID?,
        check: @escaping @Sendable (StreamID) async throws(InspectError) -> Finding?
    ) async throws(InspectError) {
        var copy = self
        let isOutOfTime = try await ParallelChecks.run(copy.options, next: next) { id in
            do throws(InspectError) {
                let finding = try await check(id)
                // Half a comparison says nothing.
                return .success(Task.isCancelled ? nil : finding)
            } catch {
                return Task.isCancelled ? .success(nil) : .failure(error)
            }
        } take: { finding in
            copy.count(finding)
        }
        copy.summary.isOutOfTime = isOutOfTime
        self = copy
    }

    private mutating func count(_ finding: Finding) {
        self.summary.counts[finding.verdict, default: 0] += 1
        self.summary.bytes += finding.bytesRead
        if finding.isDigestCompared { self.summary.digestsCompared += 1 }
        self.meter.add(finding)
    }
}

/// The streams that a store has, one page of its listing in memory.
struct CopyQueue {
    private let backend: S3Backend
    private let pageLength: Int
    private var page: ArraySlice<ListedCopy> = []
    private var position: StreamID?
    private var isLast = false

    init(_ backend: S3Backend, pageLength: Int) {
        self.backend = backend
        self.pageLength = pageLength
    }

    /// The next stream, or `nil` where there is none.
    mutating func next() async throws(InspectError) -> ListedCopy? {
        while self.page.isEmpty, !self.isLast {
            do throws(CacheError) {
                let (copies, next) = try await self.backend.listedCopies(after: self.position, limit: self.pageLength)
                self.page = copies[...]
                self.position = next
                self.isLast = next == nil
            } catch {
                throw InspectError.from(error)
            }
        }
        return self.page.popFirst()
    }
}
