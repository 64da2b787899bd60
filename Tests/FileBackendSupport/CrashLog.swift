import CacheProtocol
import Crypto
import FileStorage
import Synchronization
import TestSupport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Copies of a cache directory as a process that ended at that moment would leave it, each with what had been promised
/// by then: a ledger of what is under way before, and of what is done after each step.
package final class CrashLog: Sendable {
    /// What may be there of a stream.
    package enum Outcome: Hashable, Sendable, CustomStringConvertible {
        case absent
        /// Suspended, with at least so many of its bytes.
        case unfinished([UInt8], atLeast: Int)
        case sealed([UInt8])

        package var description: String {
            switch self {
            case .absent: "absent"
            case .unfinished(let bytes, let least): "unfinished with \(least) to \(bytes.count) bytes"
            case .sealed(let bytes): "sealed with \(bytes.count) bytes"
            }
        }
    }

    /// One copy.
    package struct Crash: Sendable, CustomStringConvertible {
        package var path: String
        package var moment: String
        package var ledger: [String: [Outcome]]
        package var description: String { "ended at \(self.moment)" }
    }

    private let source: String
    private let directory: TemporaryDirectory
    private let state = Mutex(State())

    private struct State {
        var ledger: [String: [Outcome]] = [:]
        var crashes: [Crash] = []
    }

    /// Begins a log of the cache directory of a bench.
    package init(of bench: FileBench, ledger: [String: [Outcome]] = [:]) throws {
        self.source = bench.path
        self.directory = try TemporaryDirectory()
        self.state.withLock { $0.ledger = ledger }
    }

    package var crashes: [Crash] { self.state.withLock { $0.crashes } }

    /// From now on one of these is what may be there.
    package func promise(_ name: String, _ outcomes: Outcome...) {
        self.state.withLock { $0.ledger[name] = outcomes }
    }

    /// Takes a copy. Called where the process stands still: in a file call, or before a commit.
    package func take(_ moment: String) {
        self.state.withLock { state in
            let number = state.crashes.count + 1
            let path = self.directory.file("\(number)")
            do {
                try Self.copy(self.source, to: path)
            } catch {
                state.ledger["(copying failed: \(error))"] = [.sealed([])]
            }
            state.crashes.append(Crash(path: path, moment: "\(number): \(moment)", ledger: state.ledger))
        }
    }

    private static func copy(_ source: String, to target: String) throws {
        let calls = POSIXFileCalls()
        let from = try calls.openDirectory(source)
        let into = try calls.openDirectory(target)
        for name in try FileManager.default.contentsOfDirectory(atPath: source) {
            let bytes = Array(try Data(contentsOf: URL(filePath: "\(source)/\(name)")))
            let file = try calls.open(name, in: into, .create)
            var written = 0
            while written < bytes.count {
                written += try bytes[written...].withUnsafeBytes { try calls.write($0, to: file, at: Int64(written)) }
            }
            let original = try calls.open(name, in: from, .read)
            for attribute in ["user.audiocache", "user.audiocache.read"] {
                guard let value = try calls.attribute(attribute, of: original) else { continue }
                try calls.setAttribute(attribute, to: value, of: file)
            }
        }
    }
}

// MARK: A life to be cut short

extension CrashLog {
    private static let bytes = (0..<300_001).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 9) }

    /// Does everything that can be done with streams, and keeps the ledger.
    package func live(_ made: FileBench.Made) async throws {
        let backend = made.backend
        let (bytes, other) = (Self.bytes, Array(Self.bytes.reversed()))
        let half = 150_000
        self.promise("a", .absent, .unfinished(bytes, atLeast: 0))
        var writer = try await backend.start("a", WriteOptions(contentType: "audio/x", metadata: ["k": "v"]))
        self.promise("a", .unfinished(bytes, atLeast: 0))
        let reader = try backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        try await writer.appendAll(Array(bytes[..<half]))
        writer.flush()
        _ = try await reader.grown(past: Int64(half - 1))
        // What a reader was given stays.
        self.promise("a", .unfinished(bytes, atLeast: half))
        drop(writer)
        await made.store.drained()
        var second = try await backend.start("a", WriteOptions(mode: .resume))
        try await second.appendAll(Array(bytes[half...]))
        self.promise("a", .unfinished(bytes, atLeast: half), .sealed(bytes))
        _ = try await second.finish(expecting: SHA256Value(bytes: SHA256.hash(data: bytes))).value()
        self.promise("a", .sealed(bytes))

        self.promise("b", .absent, .unfinished(other, atLeast: 0))
        var aborted = try await backend.start("b")
        try await aborted.appendAll(other)
        try await aborted.abort().value()
        self.promise("b", .absent)

        self.promise("c", .absent, .unfinished(other, atLeast: 0), .sealed(other))
        try await backend.write("c", other)
        self.promise("c", .sealed(other))
        self.promise("c", .sealed(other), .absent)
        try await backend.remove(StreamID("c"))
        self.promise("c", .absent)

        self.promise("a", .sealed(bytes), .absent, .unfinished(other, atLeast: 0), .sealed(other))
        try await backend.write("a", other, WriteOptions(mode: .overwrite))
        self.promise("a", .sealed(other))
        await made.store.drained()
        await made.store.upkeep()
    }
}

// MARK: What comes after

extension CrashLog.Crash {
    /// Starts over a copy, twice, and looks that everything promised is there, that catalog and files agree, and that
    /// nothing is left to mend the second time.
    ///
    /// - Parameters:
    ///   - again: Is given the bench before the first start, and the backend after it: to end that one, too.
    ///   - makeBench: Makes a bench over a directory.
    package func examine(
        again: (FileBench, FileBench.Made?) throws -> Void = { _, _ in },
        _ makeBench: (String) throws -> FileBench
    ) async throws {
        do {
            let bench = try makeBench(self.path)
            let before = try self.contents(bench)
            do {
                try again(bench, nil)
                let made = try await bench.make()
                try again(bench, made)
                // Before everything is looked through, what was promised is served.
                try await self.compare(made.backend)
                try await made.running {}
                try await self.compare(made.backend)
                let disagreements = try made.disagreements()
                try demand(disagreements.isEmpty, "After the start: \(disagreements)")
                let gauges = await made.backend.health().gauges
                try demand(gauges["recovery_problems"] == 0, "There were problems: \(gauges)")
                bench.calls.hook(nil)
            }
            try demand(try self.contents(bench) == before, "The start changed the streams' bytes.")
            let made = try await bench.make()
            try await made.running {}
            try await self.compare(made.backend)
            let findings = FileBench.findings(await made.backend.health())
            try demand(findings.isEmpty, "The second start still found \(findings).")
        } catch {
            throw Unexpected("\(self): \(error)")
        }
    }

    /// The bytes of each stream, whatever its file is called.
    private func contents(_ bench: FileBench) throws -> [String: [[UInt8]]] {
        var contents: [String: [[UInt8]]] = [:]
        for name in bench.files {
            let stream = String(name[..<(name.lastIndex(of: ".") ?? name.endIndex)])
            contents[stream, default: []].append(try bench.contents(name))
        }
        return contents
    }

    private func compare(_ backend: any CacheBackend) async throws {
        for (name, outcomes) in self.ledger {
            let found = try await Self.found(name, backend)
            try demand(
                outcomes.contains { Self.fits(found, $0) },
                "'\(name)' is \(found), not \(outcomes.map(\.description).joined(separator: " or "))."
            )
        }
    }

    private static func found(_ name: String, _ backend: any CacheBackend) async throws -> CrashLog.Outcome {
        let info: StreamInfo
        let bytes: [UInt8]
        do {
            info = try await backend.info(StreamID(name))
            // A row without its file tells of a stream only until somebody wants its bytes, or the start is through.
            bytes = try await backend.bytes(name)
        } catch let error as CacheError {
            guard error.code == .streamNotFound else { throw error }
            return .absent
        }
        guard info.state == .sealed else { return .unfinished(bytes, atLeast: bytes.count) }
        try demand(info.size == bytes.count, "'\(name)' has \(bytes.count) bytes, and should have \(info.size).")
        try demand(info.sha256 == SHA256Value(bytes: SHA256.hash(data: bytes)), "The digest of '\(name)' is wrong.")
        return .sealed(bytes)
    }

    private static func fits(_ found: CrashLog.Outcome, _ allowed: CrashLog.Outcome) -> Bool {
        switch (found, allowed) {
        case (.absent, .absent): true
        case (.sealed(let bytes), .sealed(let whole)): bytes == whole
        case (.unfinished(let bytes, _), .unfinished(let whole, let least)):
            bytes.count >= least && bytes.elementsEqual(whole.prefix(bytes.count))
        default: false
        }
    }
}
