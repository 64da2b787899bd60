package import CacheProtocol
import Crypto
import FileStorage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Every call of one kind in a stream's life fails once, or from then on: the first, the second, until the life gets
/// through. Whatever failed, nothing that was acknowledged is lost, nothing is stuck, and nothing is left behind.
package struct FaultSweep: CustomStringConvertible, Sendable {
    package var call: FaultyFileCalls.Call
    package var number: CInt
    package var isLasting: Bool

    package var description: String {
        "\(self.call.rawValue): \(self.number == ENOSPC ? "ENOSPC" : "EIO"), \(self.isLasting ? "for ever" : "once")"
    }

    /// One for every kind of call that a stream's life makes.
    package static let all: [FaultSweep] = FaultyFileCalls.Call.allCases
        .filter { ![.names, .lock].contains($0) }
        .flatMap { call in
            [ENOSPC, EIO].flatMap { number in
                [false, true].map { FaultSweep(call: call, number: number, isLasting: $0) }
            }
        }

    package static let bytes = (0..<700_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    package static let digest = SHA256Value(bytes: SHA256.hash(data: bytes))

    /// Sweeps.
    ///
    /// - Parameters:
    ///   - durability: Against what the backend is to be safe.
    ///   - makeBench: Makes a bench over an empty directory.
    package func run(_ durability: Durability, _ makeBench: () throws -> FileBench) async throws {
        try await Self.run("\(self), \(durability)", durability, makeBench) { made, bench, number in
            bench.calls.inject(
                number.map {
                    .init(calls: [self.call], number: self.number, from: $0, isLasting: self.isLasting)
                }
            )
        } hits: { bench in
            bench.calls.hits
        }
    }

    /// Sweeps over failures of any kind.
    ///
    /// - Parameters:
    ///   - name: What fails.
    ///   - inject: Has the n-th thing fail; `nil` for none any more.
    ///   - hits: How often something has failed.
    package static func run(
        _ name: String,
        _ durability: Durability,
        _ makeBench: () throws -> FileBench,
        inject: (FileBench.Made, FileBench, Int?) throws -> Void,
        hits: (FileBench) -> Int
    ) async throws {
        for number in 1..<200 {
            let bench = try makeBench()
            let made = try await bench.make { $0.durability = durability }
            try inject(made, bench, number)
            do {
                let achieved = try await Self.live(made.backend)
                let failures = hits(bench)
                try inject(made, bench, nil)
                try await Self.examine(made, achieved, bench)
                if failures == 0 { return }
            } catch {
                throw Unexpected("\(name), call \(number): \(error)")
            }
        }
        throw Unexpected("\(name): there is no end to the calls.")
    }

    /// What a life achieved.
    private struct Achieved {
        var isSealed = false
        var hasAborted = false
        var isRemoved = false
        var suspendedSize: Int64 = 0
    }

    /// A stream's life: begun, dropped, gone on with, read, sealed; another one aborted, a third one removed.
    private static func live(_ backend: any CacheBackend) async throws -> Achieved {
        var achieved = Achieved()
        func attempt(_ body: () async throws -> Void) async throws {
            do {
                try await body()
            } catch let error as CacheError {
                try demand([.io, .storageFull, .streamNotFound, .streamExists].contains(error.code), "\(error)")
            }
        }
        try await attempt {
            var writer = try await backend.start("a")
            try await writer.appendAll(Array(Self.bytes[..<300_000]))
            writer.flush()
            let reader = try backend.makeReader(for: StreamID("a"))
            _ = try await reader.opened().value()
            drop(writer)
            var status = reader.status
            while status.state == .live { status = try await reader.grown(past: .max) }
            achieved.suspendedSize = status.size
        }
        try await attempt {
            var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions(mode: .resume))
            let offset = Int(try await writer.opened().value().offset)
            try await writer.appendAll(Array(Self.bytes[offset...]))
            _ = try await writer.finish(expecting: Self.digest).value()
            achieved.isSealed = true
        }
        try await attempt {
            var writer = try await backend.start("b")
            try await writer.appendAll(Array(Self.bytes[..<1_000]))
            try await writer.abort().value()
            achieved.hasAborted = true
        }
        try await attempt {
            try await backend.write("c", Array(Self.bytes[..<1_000]))
            try await backend.remove(StreamID("c"))
            achieved.isRemoved = true
        }
        return achieved
    }

    private static func examine(_ made: FileBench.Made, _ achieved: Achieved, _ bench: FileBench) async throws {
        let backend = made.backend
        await made.store.upkeep()
        for name in ["a", "b", "c"] where try await backend.names().contains(name) {
            try await backend.settle(name)
            let bytes = try await backend.bytes(name)
            try demand(bytes == Array(Self.bytes[..<bytes.count]), "'\(name)' has other bytes.")
        }
        if achieved.isSealed {
            let info = try await backend.info(StreamID("a"))
            try demand(info.state == .sealed && info.size == Int64(Self.bytes.count), "\(info)")
            try demand(info.sha256 == Self.digest, "\(info)")
        } else if achieved.suspendedSize > 0 {
            let info = try await backend.info(StreamID("a"))
            try demand(info.size >= achieved.suspendedSize, "\(info)")
        }
        let names = try await backend.names()
        try demand(!achieved.hasAborted || !names.contains("b"), "An aborted stream is listed.")
        try demand(!achieved.isRemoved || !names.contains("c"), "A removed stream is listed.")
        await made.store.drained()
        let disagreements = try made.disagreements()
        try demand(disagreements.isEmpty, "\(disagreements)")
        // No name is stuck, and nothing is left behind.
        for name in ["a", "b", "c"] {
            try await backend.write(name, [1, 2, 3], WriteOptions(mode: .overwrite))
            try demand(try await backend.bytes(name) == [1, 2, 3], "'\(name)' can't be overwritten.")
            try await backend.remove(StreamID(name))
        }
        await made.store.drained()
        await made.store.upkeep()
        let deadline = ContinuousClock.now + .seconds(30)
        while !bench.residue.isEmpty, ContinuousClock.now < deadline { await Task.yield() }
        let residue = bench.residue + made.rows()
        try demand(residue.isEmpty, "Left behind: \(residue)")
        let gauges = await backend.health().gauges
        try demand(gauges["streams_open"] == 0 && gauges["streams_written"] == 0, "\(gauges)")
    }
}
