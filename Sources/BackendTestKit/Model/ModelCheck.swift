import CacheProtocol
import NIOCore

/// Random operations on a backend, each compared with what a dictionary would have done.
///
/// The seed is part of every finding: the same seed does the same operations again.
public struct ModelCheck: Sendable {
    /// What the operations depend on.
    public let seed: UInt64
    /// How many there are.
    public let operations: Int

    /// Makes a check.
    ///
    /// - Parameters:
    ///   - seed: What the operations depend on; another one each time by default.
    ///   - operations: How many there are.
    public init(seed: UInt64 = .random(in: 0...UInt64.max), operations: Int = 3_000) {
        self.seed = seed
        self.operations = operations
    }

    /// Does the operations.
    ///
    /// - Parameter fixture: Makes the backend; for this check alone.
    /// - Throws: ``BrokenPromise`` with the seed, the operation's number and the operation.
    public func run(_ fixture: BackendFixture) async throws {
        try await BackendCheck.modelCheck(self).run(fixture)
    }

    func run(on bench: Bench) async throws {
        var run = ModelRun(bench: bench, random: SplitMix64(seed: self.seed))
        for number in 1...max(1, self.operations) {
            do {
                try await run.step()
            } catch {
                let cause = (error as? BrokenPromise)?.finding ?? "It threw: \(error)."
                throw BrokenPromise("Seed \(self.seed), operation \(number), \(run.operation): \(cause)")
            }
        }
        run.letGo()
    }
}

extension BackendCheck {
    static let model: [BackendCheck] = [modelCheck(ModelCheck())]

    static func modelCheck(_ check: ModelCheck) -> BackendCheck {
        BackendCheck("thousands of random operations do what they would do to a dictionary") { bench in
            try await check.run(on: bench)
        }
    }
}

/// The dictionary, the writers, and the next operation.
private struct ModelRun {
    let bench: Bench
    var random: SplitMix64
    /// What is being done, for findings.
    var operation = ""
    private let names = ["a", "b", "b1", "c-", "C", "d.e"]
    private var streams: [String: StreamModel] = [:]
    private var writers: [String: HeldWriter] = [:]
    /// Writers whose streams were taken over.
    private var stale: [HeldWriter] = []
    private var samples: [UInt64: SampleBytes] = [:]
    private var nextSeed: UInt64 = 0

    init(bench: Bench, random: SplitMix64) {
        self.bench = bench
        self.random = random
    }

    mutating func letGo() {
        self.writers = [:]
        self.stale = []
    }

    mutating func step() async throws {
        let name = self.names.randomElement(using: &self.random) ?? "a"
        switch Int.random(in: 0..<100, using: &self.random) {
        case 0..<12: try await self.open(name, .create)
        case 12..<16: try await self.open(name, .overwrite)
        case 16..<24: if self.bench.capabilities.resumes { try await self.open(name, .resume) }
        case 24..<50: try await self.append(name)
        case 50..<56: try await self.flush(name)
        case 56..<62: try await self.finish(name)
        case 62..<66: try await self.drop(name)
        case 66..<68: try await self.abort(name)
        case 68..<86: try await self.read(name)
        case 86..<91: try await self.info(name)
        case 91..<95: try await self.list()
        case 95..<98: try await self.remove(name)
        default: try await self.appendStale()
        }
    }

    private mutating func sample(_ seed: UInt64) -> SampleBytes {
        // A few samples for all streams: making one is dearer than an operation.
        if let sample = self.samples[seed % 8] { return sample }
        let sample = SampleBytes(seed: seed % 8 + 100)
        self.samples[seed % 8] = sample
        return sample
    }

    private mutating func open(_ name: String, _ mode: WriteOptions.Mode) async throws {
        self.operation = "opening '\(name)' (\(mode))"
        let known = self.streams[name]
        let metadata = ["n": "\(self.nextSeed)"]
        switch StreamModel.opening(mode, known) {
        case .fails(let code):
            try await self.bench.expect(code, of: "it") {
                self.bench.drop(try await self.bench.start(name, WriteOptions(mode: mode, metadata: metadata)))
            }
        case .starts:
            let position = try await self.start(name, mode, metadata)
            try require(position.offset == 0, "A new stream starts at \(position.offset).")
            var stream = StreamModel(state: .live, seed: self.nextSeed, epoch: position.epoch)
            stream.metadata = metadata
            self.nextSeed += 1
            self.streams[name] = stream
        case .goesOn:
            guard var stream = known else { return }
            if let old = self.writers.removeValue(forKey: name) { self.stale.append(old) }
            let position = try await self.start(name, mode, stream.count == 0 ? stream.metadata : metadata)
            try require(position.offset == stream.count, "It goes on at \(position.offset), not at \(stream.count).")
            try require(position.epoch > stream.epoch, "The epoch is \(position.epoch), after \(stream.epoch).")
            stream.epoch = position.epoch
            stream.state = .live
            self.streams[name] = stream
        }
    }

    private mutating func start(
        _ name: String,
        _ mode: WriteOptions.Mode,
        _ metadata: [String: String]
    ) async throws -> WritePosition {
        self.bench.note(name)
        let writer = try self.bench.backend.makeWriter(
            for: self.bench.id(name),
            options: WriteOptions(mode: mode, metadata: metadata)
        )
        let position = try await writer.opened().value()
        self.writers[name] = HeldWriter(writer)
        return position
    }

    private mutating func append(_ name: String) async throws {
        guard var stream = self.streams[name], let held = self.writers[name], var writer = held.take() else { return }
        let bound = [10, 1_000, 20_000, 70_000, 200_000].randomElement(using: &self.random) ?? 1
        let count = Int.random(in: 1...bound, using: &self.random)
        self.operation = "appending \(count) bytes to '\(name)' at \(stream.count)"
        try await self.bench.append(self.sample(stream.seed).buffer(stream.count..<stream.count + count), to: &writer)
        held.putBack(writer)
        stream.count += count
        self.streams[name] = stream
    }

    private mutating func appendStale() async throws {
        guard let held = self.stale.popLast(), var writer = held.take() else { return }
        self.operation = "appending with a writer whose stream was taken over"
        try await self.bench.expect(.streamBusy, .aborted, .streamNotFound, of: "it") {
            try await self.bench.append(SampleBytes(seed: 9_999).buffer(0..<1_000), to: &writer)
        }
        self.bench.drop(writer)
    }

    private mutating func flush(_ name: String) async throws {
        guard var stream = self.streams[name], let held = self.writers[name], var writer = held.take() else { return }
        self.operation = "flushing '\(name)'"
        writer.flush()
        held.putBack(writer)
        stream.flushed = stream.count
        self.streams[name] = stream
        guard self.bench.capabilities.readsLive, stream.count > 0 else { return }
        let reader = try await self.bench.reader(name)
        let past = Int64(stream.count - 1)
        let status = try await within("Flushed bytes did not become readable.") { try await reader.grown(past: past) }
        try require(
            status == StreamStatus(size: past + 1, state: .live),
            "It is \(status), not \(past + 1) bytes, live."
        )
    }

    private mutating func finish(_ name: String) async throws {
        guard var stream = self.streams[name], let writer = self.writers.removeValue(forKey: name)?.take() else {
            return
        }
        let hasDigests = self.bench.capabilities.digests != .none
        let digest = hasDigests ? self.sample(stream.seed).sha256(stream.count) : nil
        let isWrong = hasDigests && Int.random(in: 0..<5, using: &self.random) == 0
        self.operation = "finishing '\(name)' of \(stream.count) bytes\(isWrong ? " with a wrong digest" : "")"
        if isWrong {
            let end = writer.finish(expecting: SHA256Value(bytes: [UInt8](repeating: 7, count: 32)))
            try await self.bench.expect(.digestMismatch, of: "it") { _ = try await end.value() }
            stream.state = .suspended
        } else {
            let info = try await writer.finish(expecting: Bool.random(using: &self.random) ? digest : nil).value()
            try require(info.state == .sealed && info.size == stream.count, "It is \(info).")
            try require(!hasDigests || info.sha256 == digest, "The digest is wrong.")
            stream.state = .sealed
        }
        stream.flushed = stream.count
        self.streams[name] = stream
    }

    private mutating func drop(_ name: String) async throws {
        guard let writer = self.writers.removeValue(forKey: name)?.take() else { return }
        self.operation = "dropping the writer of '\(name)'"
        self.bench.drop(writer)
        try await self.bench.settle(name)
        guard var stream = self.streams[name] else { return }
        stream.state = .suspended
        stream.flushed = stream.count
        self.streams[name] = stream
    }

    private mutating func abort(_ name: String) async throws {
        guard let writer = self.writers.removeValue(forKey: name)?.take() else { return }
        self.operation = "aborting '\(name)'"
        try await writer.abort().value()
        self.streams[name] = nil
        try await self.bench.expectNoStream(name)
    }

    private mutating func read(_ name: String) async throws {
        self.operation = "reading '\(name)'"
        guard let stream = self.streams[name] else { return try await self.bench.expectNoStream(name) }
        if stream.state == .live, !self.bench.capabilities.readsLive { return }
        let reader = try await self.bench.reader(name)
        let size = Int(reader.status.size)
        let isRight = stream.state == .live ? (stream.flushed...stream.count).contains(size) : size == stream.count
        try require(isRight, "\(size) bytes can be read of \(stream.count), \(stream.flushed) of them flushed.")
        try require(reader.status.state == stream.state, "It is \(reader.status.state), not \(stream.state).")
        guard size > 0 else { return }
        let bounds = [Int.random(in: 0...size, using: &self.random), Int.random(in: 0...size, using: &self.random)]
        let range = bounds[0] < bounds[1] ? bounds[0]..<bounds[1] : bounds[1]..<bounds[0]
        self.operation = "reading \(range) of '\(name)', which is \(stream.state) with \(size) bytes"
        try await self.bench.expect(reader, range, of: self.sample(stream.seed))
    }

    private mutating func info(_ name: String) async throws {
        self.operation = "asking about '\(name)'"
        guard let stream = self.streams[name] else { return try await self.bench.expectNoStream(name) }
        let info = try await self.bench.backend.info(self.bench.id(name))
        try self.compare(info, stream)
    }

    private func compare(_ info: StreamInfo, _ stream: StreamModel) throws {
        try require(info.state == stream.state, "It is \(info.state), not \(stream.state).")
        let isRight = stream.state == .live ? info.size <= stream.count : info.size == stream.count
        try require(isRight, "It has \(info.size) bytes, not \(stream.count).")
        if self.bench.capabilities.metadata != .none {
            try require(info.metadata == stream.metadata, "Its labels are \(info.metadata), not \(stream.metadata).")
        }
    }

    private mutating func list() async throws {
        guard self.bench.capabilities.lists else { return }
        let states: [StreamState?] = [nil, nil, .live, .suspended, .sealed]
        let prefixes = [nil, nil, "b", "d."]
        let state = states.randomElement(using: &self.random) ?? nil
        let prefix = prefixes.randomElement(using: &self.random) ?? nil
        let limit = Int.random(in: 1...8, using: &self.random)
        let filter = StreamFilter(prefix: prefix, state: state)
        self.operation = "listing \(filter) by pages of \(limit)"
        let listed = try await self.bench.list(filter, limit: limit)
        let expected = try self.streams
            .filter { name, stream in name.hasPrefix(prefix ?? "") && (state.map { $0 == stream.state } ?? true) }
            .map { try self.bench.id($0.key) }
            .sorted()
        try require(listed.map(\.id) == expected, "It lists \(listed.map(\.id)), not \(expected).")
        for info in listed {
            if let stream = self.streams[info.id.rawValue] { try self.compare(info, stream) }
        }
    }

    private mutating func remove(_ name: String) async throws {
        self.operation = "removing '\(name)'"
        let id = try self.bench.id(name)
        switch self.streams[name]?.state {
        case nil, .removed:
            try await self.bench.expect(.streamNotFound, of: "it") { try await self.bench.backend.remove(id) }
        case .live:
            try await self.bench.expect(.streamBusy, of: "it") { try await self.bench.backend.remove(id) }
        case .suspended, .sealed:
            try await self.bench.backend.remove(id)
            self.streams[name] = nil
            try await self.bench.expectNoStream(name)
        }
    }
}
