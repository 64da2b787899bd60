import BackendTestKit
import CacheProtocol
import Logging
import NIOCore
import ObjectStoreSupport
import Synchronization
import Testing

@testable import S3Backend

/// A store in this process, and backends over it whose clock can be moved and whose waits take no time.
struct S3Bench: Sendable {
    let store: ObjectStoreDouble
    let seconds = Shift()

    final class Shift: Sendable {
        let value = Mutex<Int64>(0)
    }

    init() async throws { self.store = try await ObjectStoreDouble() }

    var clock: S3Clock {
        S3Clock(
            wall: { S3Clock.system.wall().advanced(bySeconds: self.seconds.value.withLock { $0 }) },
            sleep: { milliseconds in
                // The waits between attempts are skipped, those of the upkeep are not.
                if milliseconds <= 60_000 { await Task.yield() } else { try await S3Clock.system.sleep(milliseconds) }
            }
        )
    }

    func configuration(partSize: Int = 8 << 20) throws -> S3Configuration {
        let endpoint = S3Endpoint(
            url: self.store.url,
            bucket: ObjectStoreDouble.bucket,
            region: "us-east-1",
            usesPathStyle: true
        )
        var configuration = S3Configuration(endpoint: try #require(endpoint))
        configuration.prefix = "audio/"
        configuration.partSize = partSize
        return configuration
    }

    static let credentials = S3Credentials(
        accessKeyID: ObjectStoreDouble.accessKeyID,
        secretAccessKey: ObjectStoreDouble.secretAccessKey
    )

    func backend(
        partSize: Int = 8 << 20,
        credentials: S3Credentials = S3Bench.credentials,
        _ change: (inout S3Configuration) -> Void = { _ in }
    ) throws -> S3Backend {
        var configuration = try self.configuration(partSize: partSize)
        change(&configuration)
        return S3Backend(
            configuration: configuration,
            credentials: credentials,
            clock: self.clock,
            logger: Logger(label: "s3") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// What was asked about a stream's object: the methods, in order.
    func requests(of name: String) -> [String] {
        self.store.log.compactMap { line in
            let words = line.split(separator: " ", maxSplits: 1)
            return words.last == "audio/streams/\(name)" ? words.first.map(String.init) : nil
        }
    }

    /// A fixture for the behaviour suite.
    func fixture(partSize: Int = 8 << 20) -> BackendFixture {
        var fixture = BackendFixture { try self.backend(partSize: partSize) }
        fixture.reopen = { try self.backend(partSize: partSize) }
        fixture.residue = {
            let uploads = self.store.unfinishedUploads
            return self.store.keys + (uploads > 0 ? ["\(uploads) unfinished uploads"] : [])
        }
        fixture.advance = { seconds in
            self.advance(by: seconds)
            guard let backend = try? self.backend() else { return }
            await backend.store.expire()
        }
        return fixture
    }

    /// Has time pass, at the gateways and at the store.
    func advance(by seconds: Int64) {
        let ahead = self.seconds.value.withLock { value in
            value += seconds
            return value
        }
        self.store.set(clockAhead: ahead)
    }

    /// Runs a backend for as long as `body` takes.
    func withBackend<Value: Sendable>(
        partSize: Int = 8 << 20,
        _ change: (inout S3Configuration) -> Void = { _ in },
        _ body: @Sendable (S3Backend) async throws -> Value
    ) async throws -> Value {
        let backend = try self.backend(partSize: partSize, change)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { do { try await backend.run() } catch is CancellationError {} }
            defer { group.cancelAll() }
            return try await body(backend)
        }
    }
}

extension S3Backend {
    /// Writes a stream and seals it.
    @discardableResult
    func write(
        _ name: String,
        _ bytes: [UInt8],
        chunk: Int = 64 << 10,
        _ options: WriteOptions = WriteOptions()
    ) async throws -> StreamInfo {
        var writer = try self.makeWriter(for: StreamID(name), options: options)
        _ = try await writer.opened().value()
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            let piece = ByteBuffer(bytes: bytes[start..<min(start + chunk, bytes.count)])
            if case .pause(let readiness) = try writer.append(piece) { try await readiness.value() }
        }
        return try await writer.finish().value()
    }

    /// Reads a whole stream.
    func read(_ name: String, by count: Int = 64 << 10) async throws -> [UInt8] {
        let reader = try self.makeReader(for: StreamID(name))
        let size = try await reader.opened().value().size
        var bytes: [UInt8] = []
        while bytes.count < size {
            bytes += try await reader.read(at: Int64(bytes.count), count: count).value().readableBytesView
        }
        return bytes
    }
}
