import CacheInspect
import CacheProtocol
import FileBackendSupport
import FileStorage
import Foundation
import SQLiteBackend
import Synchronization
import TestSupport
import Testing

@Suite("Looking at a cache while a gateway is at work in it", .timeLimit(.minutes(5)))
struct BesideGatewayTests {
    private final class Flag: Sendable {
        private let value = Mutex(false)
        var isSet: Bool { self.value.withLock { $0 } }
        func set() { self.value.withLock { $0 = true } }
    }

    /// A gateway's backend, and where its cache is.
    private struct Gateway {
        let directory: TemporaryDirectory
        let backend: SQLiteBackend

        init() throws {
            self.directory = try TemporaryDirectory()
            var configuration = FileStoreConfiguration()
            configuration.directory = self.directory.path
            configuration.minimumFreeBytes = 0
            self.backend = try SQLiteBackend(
                configuration: configuration,
                processID: 4_711,
                logger: FileBench.silent
            )
        }

        /// How long the index's log is; SQLite shortens it only where nobody is in the middle of reading.
        var logBytes: Int {
            let path = StreamIndex.path(inDirectory: self.directory.path) + "-wal"
            return ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int) ?? 0
        }

        /// Writes streams, reads them, and removes every other one, while `looking` goes on over and over.
        func work(looking: @escaping @Sendable () async throws -> Void) async throws {
            let isDone = Flag()
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    repeat { try await looking() } while !isDone.isSet
                }
                try await withThrowingTaskGroup(of: Void.self) { writers in
                    for writer in 0..<4 {
                        writers.addTask {
                            for number in 0..<150 {
                                let name = "w\(writer)-\(number)"
                                try await self.backend.write(name, Array("\(name) is what it says".utf8))
                                _ = try await self.backend.bytes(name)
                                if number % 2 == 0 { try await self.backend.remove(StreamID(name)) }
                            }
                        }
                    }
                    try await writers.waitForAll()
                }
                isDone.set()
                try await group.waitForAll()
            }
        }
    }

    @Test("listing, counting and verifying hold up no writer, find nothing wrong, and let the index's log be shortened")
    func looking() async throws {
        let gateway = try Gateway()
        let rounds = Mutex((count: 0, longestLog: 0))
        let directory = gateway.directory.path
        try await gateway.work {
            let inspector = try CacheInspector(try CacheLocation(directory: directory), access: .update)
            for sort in ListOptions.Sort.allCases {
                var options = ListOptions()
                options.sort = sort
                options.limit = 0
                try inspector.list(options, as: .csv) { _ in }
            }
            _ = try inspector.statistics()
            let events = Events()
            let summary = try await inspector.verify(VerifyOptions()) { events.take($0) }
            try #require(!summary.isInterrupted)
            // Where the machine is slow, a stream that is just being removed may be told of as missing, and one that is
            // just being sealed as such before its row says so; nothing else.
            let isUnderWay: Set<Finding.Verdict> = [.missingFile, .stateDiffers]
            let wrong = events.findings.filter { $0.verdict.isWrong && !isUnderWay.contains($0.verdict) }
            try #require(wrong.isEmpty, "\(wrong)")
            rounds.withLock { rounds in
                rounds.count += 1
                rounds.longestLog = max(rounds.longestLog, gateway.logBytes)
            }
        }
        let (count, longestLog) = rounds.withLock { ($0.count, $0.longestLog) }
        #expect(count > 1)
        #expect(longestLog < 16 << 20)
        let inspector = try CacheInspector(try CacheLocation(directory: directory))
        let summary = try await inspector.verify(VerifyOptions()) { _ in }
        #expect(summary.wrong == 0 && summary.checked > 100)
        var listed = 0
        try inspector.list(ListOptions(), as: .csv) { listed += $0.split(separator: "\r\n").count }
        #expect(listed > 100)
    }

    @Test("an inspector that is killed in the middle of anything leaves nothing behind that holds the gateway up")
    func killed() async throws {
        let gateway = try Gateway()
        let program = try CommandProcess.program("cache-inspect")
        let directory = gateway.directory.path
        let kills = Mutex(0)
        try await gateway.work {
            let process = Process()
            process.executableURL = program
            process.arguments = ["verify", "--jobs", "4", "--directory", directory]
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = FileHandle.nullDevice
            process.standardError = FileHandle.nullDevice
            let (ended, continuation) = AsyncStream<Void>.makeStream()
            process.terminationHandler = { _ in continuation.finish() }
            try process.run()
            // Somewhere between its first instruction and its last.
            for _ in 0..<Int.random(in: 0..<2_000) { await Task.yield() }
            kill(process.processIdentifier, SIGKILL)
            for await _ in ended {}
            kills.withLock { $0 += 1 }
        }
        #expect(kills.withLock { $0 } > 0)
        #expect(gateway.logBytes < 16 << 20)
        try await gateway.backend.write("after", [1, 2, 3])
        #expect(try await gateway.backend.bytes("after") == [1, 2, 3])
    }
}
