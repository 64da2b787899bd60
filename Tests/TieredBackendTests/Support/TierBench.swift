import BackendTestKit
import CacheProtocol
import FileStorage
import Logging
import MmapBackend
import NIOCore
import ObjectStoreSupport
import S3Backend
import SQLiteBackend
import Synchronization
import TestSupport
import Testing

@testable import TieredBackend

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// One object store in this process, and gateways' backends over it, each with a directory of its own.
struct TierBench: Sendable {
    let store: ObjectStoreDouble
    let directory: TemporaryDirectory
    let now = Shift()

    /// By how many milliseconds the tiered backends' clocks are ahead.
    final class Shift: Sendable {
        let value = Mutex<Int64>(0)
    }

    init() async throws {
        self.store = try await ObjectStoreDouble()
        self.directory = try TemporaryDirectory()
    }

    var logger: Logger { Logger(label: "tiered") { _ in SwiftLogNoOpLogHandler() } }

    var clock: TierClock {
        TierClock(
            wall: {
                let milliseconds = TierClock.system.wall().millisecondsSinceEpoch + self.now.value.withLock { $0 }
                return Timestamp(millisecondsSinceEpoch: milliseconds)
            },
            monotonic: { TierClock.system.monotonic() + self.now.value.withLock { $0 } },
            sleep: { try await TierClock.system.sleep($0) }
        )
    }

    func cold() throws -> S3Backend {
        let endpoint = S3Endpoint(
            url: self.store.url,
            bucket: ObjectStoreDouble.bucket,
            region: "us-east-1",
            usesPathStyle: true
        )
        var configuration = S3Configuration(endpoint: try #require(endpoint))
        configuration.partSize = 256 << 10
        configuration.connectTimeoutMilliseconds = 1_000
        configuration.requestTimeoutMilliseconds = 5_000
        let credentials = S3Credentials(
            accessKeyID: ObjectStoreDouble.accessKeyID,
            secretAccessKey: ObjectStoreDouble.secretAccessKey
        )
        return S3Backend(configuration: configuration, credentials: credentials, logger: self.logger)
    }

    /// A gateway's backend.
    ///
    /// - Parameters:
    ///   - name: The gateway's; two of one name share their directory, and can't run at once.
    ///   - usesIndex: Whether the hot tier is `sqlite`, else it is `mmap`.
    ///   - change: Changes what is not to be as usual.
    func backend(
        _ name: String = "one",
        usesIndex: Bool = true,
        cold: (any CacheBackend)? = nil,
        _ change: (inout FileStoreConfiguration, inout TieredConfiguration) -> Void = { _, _ in }
    ) throws -> TieredBackend {
        var files = FileStoreConfiguration()
        files.directory = "\(self.directory.path)/\(name)"
        files.minimumFreeBytes = 0
        var configuration = TieredConfiguration()
        configuration.ledger = "\(self.directory.path)/\(name).ledger"
        configuration.fetchSize = 64 << 10
        // A busy machine is not to be taken for a slow store.
        configuration.checkMilliseconds = 60_000
        configuration.baseBackoffMilliseconds = 20
        configuration.maximumBackoffMilliseconds = 200
        configuration.pauseMilliseconds = 20
        configuration.fullPauseMilliseconds = 20
        configuration.restartMilliseconds = 20
        change(&files, &configuration)
        let hot = try self.hot(files, usesIndex: usesIndex)
        return try TieredBackend(
            hot: hot,
            cold: try cold ?? self.cold(),
            configuration: configuration,
            clock: self.clock,
            logger: self.logger
        )
    }

    private func hot(_ files: FileStoreConfiguration, usesIndex: Bool) throws -> any CacheBackend {
        let deadline = ContinuousClock.now.advanced(by: .seconds(20))
        while true {
            do throws(CacheError) {
                if usesIndex { return try SQLiteBackend(configuration: files, processID: 1, logger: self.logger) }
                return try MmapBackend(configuration: files, processID: 1, logger: self.logger)
            } catch {
                guard error.code == .limit, ContinuousClock.now < deadline else { throw error }
                // The one before has ended, but not yet let go of the directory.
                usleep(2_000)
            }
        }
    }

    /// A fixture for the behaviour suite.
    func fixture(usesIndex: Bool) -> BackendFixture {
        var fixture = BackendFixture { try self.backend(usesIndex: usesIndex) }
        fixture.reopen = { try self.backend(usesIndex: usesIndex) }
        fixture.residue = { self.streamKeys }
        return fixture
    }

    /// The keys of all objects but the one that tells the store from others, and the one by which conditions are tried.
    var streamKeys: [String] { self.store.keys.filter { $0 != "store-id" && $0 != "streams/.conditions" } }

    /// Runs a backend for as long as `body` takes.
    func withBackend<Value: Sendable>(
        _ name: String = "one",
        usesIndex: Bool = true,
        cold: (any CacheBackend)? = nil,
        _ change: (inout FileStoreConfiguration, inout TieredConfiguration) -> Void = { _, _ in },
        _ body: @Sendable (TieredBackend) async throws -> Value
    ) async throws -> Value {
        let backend = try self.backend(name, usesIndex: usesIndex, cold: cold, change)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { do { try await backend.run() } catch is CancellationError {} }
            do {
                let value = try await body(backend)
                group.cancelAll()
                try await group.waitForAll()
                return value
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }
}

extension TieredBackend {
    /// Writes a stream and seals it, and waits until the cold tier has it.
    func writeCopied(_ name: String, _ bytes: [UInt8], _ options: WriteOptions = WriteOptions()) async throws {
        try await self.write(name, bytes, options)
        try await eventually("it is copied") { try self.store.ledger.place(StreamID(name)) == .copied }
    }
}

extension CacheBackend {
    /// Writes a stream and seals it.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], _ options: WriteOptions = WriteOptions()) async throws -> StreamInfo {
        var writer = try self.makeWriter(for: StreamID(name), options: options)
        _ = try await writer.opened().value()
        for start in stride(from: 0, to: bytes.count, by: 50_000) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + 50_000, bytes.count)])
            if case .pause(let readiness) = try writer.append(piece) { try await readiness.value() }
        }
        return try await writer.finish().value()
    }

    /// Reads a stream from an offset to its end.
    func read(_ name: String, from offset: Int64 = 0) async throws -> [UInt8] {
        let reader = try self.makeReader(for: StreamID(name))
        let size = try await reader.opened().value().size
        var bytes: [UInt8] = []
        while offset + Int64(bytes.count) < size {
            bytes += try await reader.read(at: offset + Int64(bytes.count), count: 30_000).value().readableBytesView
        }
        return bytes
    }

    /// A stream's facts, or `nil` where there is none.
    func find(_ name: String) async throws -> StreamInfo? {
        let id = try StreamID(name)
        do throws(CacheError) {
            return try await self.info(id)
        } catch {
            if error.code == .streamNotFound { return nil }
            throw error
        }
    }
}

/// Bytes that a seed determines.
func sample(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
    var random = SeededGenerator(seed: seed)
    return random.bytes(count)
}
