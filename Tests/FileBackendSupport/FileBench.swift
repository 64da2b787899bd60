package import BackendTestKit
package import CacheProtocol
package import FileStorage
package import Logging
import NIOCore
import Synchronization
package import TestSupport

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A backend over files, and what a test needs to make it fail and to look behind it.
package final class FileBench: Sendable {
    /// A backend, with what is not part of the contract.
    package struct Made: Sendable {
        package var backend: any CacheBackend
        package var store: FileStore
        /// What its catalog still knows of streams, a phrase each.
        package var rows: @Sendable () -> [String]
        /// Lets the catalog's own writes fail for want of room.
        package var fillCatalog: @Sendable (Bool) -> Void
        /// Where the catalog says something else than the files, a phrase each.
        package var disagreements: @Sendable () throws -> [String]

        package init(
            backend: any CacheBackend,
            store: FileStore,
            rows: @escaping @Sendable () -> [String] = { [] },
            fillCatalog: @escaping @Sendable (Bool) -> Void = { _ in },
            disagreements: @escaping @Sendable () throws -> [String] = { [] }
        ) {
            self.backend = backend
            self.store = store
            self.rows = rows
            self.fillCatalog = fillCatalog
            self.disagreements = disagreements
        }
    }

    package typealias Maker = @Sendable (FileStoreConfiguration, FaultyFileCalls, FileClock, Logger) throws -> Made

    package let directory: TemporaryDirectory
    /// The cache directory.
    package let path: String
    package let calls = FaultyFileCalls()
    package let clock = TestClock()
    private let maker: Maker
    private let made = Mutex<Made?>(nil)

    /// A bench over an empty directory, or over one that somebody else made.
    package init(at path: String? = nil, _ maker: @escaping Maker) throws {
        self.directory = try TemporaryDirectory()
        self.path = path ?? self.directory.file("cache")
        self.maker = maker
    }

    package var configuration: FileStoreConfiguration {
        var configuration = FileStoreConfiguration()
        configuration.directory = self.path
        configuration.minimumFreeBytes = 0
        configuration.ioThreads = 2
        return configuration
    }

    /// Makes a backend; one that was made before has ended.
    package func make(_ configure: (inout FileStoreConfiguration) -> Void = { _ in }) async throws -> Made {
        var attempts = 0
        while true {
            do {
                return try self.makeOnce(configure)
            } catch let error as CacheError where error.code == .limit && attempts < 2_000 {
                // The one before is let go of on its own threads.
                attempts += 1
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }

    /// Makes a backend, or says at once why it can't be.
    package func makeOnce(_ configure: (inout FileStoreConfiguration) -> Void = { _ in }) throws -> Made {
        var configuration = self.configuration
        configure(&configuration)
        self.made.withLock { $0 = nil }
        let made = try self.maker(configuration, self.calls, self.clock.clock, Self.silent)
        self.made.withLock { $0 = made }
        return made
    }

    /// Lets go of the backend that was made last.
    package func forget() { self.made.withLock { $0 = nil } }

    package static var silent: Logger { Logger(label: "-") { _ in SwiftLogNoOpLogHandler() } }

    /// What the behaviour kit needs.
    package var fixture: BackendFixture {
        var fixture = BackendFixture { try await self.make().backend }
        fixture.reopen = { try await self.make().backend }
        fixture.makeSmall = { capacity in try await self.make { $0.maximumBytes = capacity }.backend }
        fixture.advance = { seconds in
            self.clock.advance(seconds: seconds)
            await self.made.withLock { $0 }?.store.upkeep()
        }
        fixture.inject = { fault in
            self.calls.inject(nil)
            self.calls.writeAtMost(nil)
            let made = self.made.withLock { $0 }
            made?.fillCatalog(fault == .storageFull)
            switch fault {
            case nil: break
            case .storageFull:
                self.calls.inject(
                    .init(calls: [.write, .preallocate, .create, .setAttribute, .rename], number: ENOSPC)
                )
            case .writesFail: self.calls.inject(.init(calls: [.write], number: EIO))
            case .shortWrites: self.calls.writeAtMost(1_000)
            }
        }
        fixture.residue = {
            let made = self.made.withLock { $0 }
            await made?.store.upkeep()
            return self.residue + (made?.rows() ?? [])
        }
        return fixture
    }

    /// Files and descriptors that are left of streams.
    package var residue: [String] {
        let files = self.files.map { "the file \($0)" }
        let links = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        let descriptors = links.compactMap { link -> String? in
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(link)"),
                target.hasPrefix(self.path + "/"), target.contains(".part") || target.contains(".audio")
            else { return nil }
            return "a descriptor of \(target)"
        }
        return files + descriptors
    }

    /// What recovery found the last time, and how often.
    package static func findings(_ health: BackendHealth) -> [String: Int64] {
        health.gauges.filter { $0.key.hasPrefix("recovered_") && $0.value != 0 }
    }

    /// The streams' files, sorted.
    package var files: [String] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: self.path)) ?? []
        return all.filter { $0.hasSuffix(".part") || $0.hasSuffix(".audio") }.sorted()
    }

    /// A path in the cache directory.
    package func file(_ name: String) -> String { "\(self.path)/\(name)" }

    /// A file's bytes.
    package func contents(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: self.file(name))))
    }
}

extension FileBench.Made {
    /// Runs the backend for as long as `body` takes, once what the start does is done.
    package func running(_ body: @escaping @Sendable () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.backend.run() }
            defer { group.cancelAll() }
            while true {
                let health = await self.backend.health()
                if health.gauges["recovery_is_done"] == 1 { break }
                // A start that can't get through says so, and is not waited for.
                if let problem = health.problems.first { throw Unexpected(problem) }
                await Task.yield()
            }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}

extension CacheBackend {
    /// Makes and opens a writer.
    package func start(_ name: String, _ options: WriteOptions = WriteOptions()) async throws -> StreamWriter {
        let writer = try self.makeWriter(for: StreamID(name), options: options)
        _ = try await writer.opened().value()
        return writer
    }

    /// Writes a stream and seals it.
    @discardableResult
    package func write(
        _ name: String,
        _ bytes: [UInt8],
        _ options: WriteOptions = WriteOptions(),
        expecting sha256: SHA256Value? = nil
    ) async throws -> StreamInfo {
        var writer = try await self.start(name, options)
        try await writer.appendAll(bytes)
        return try await writer.finish(expecting: sha256).value()
    }

    /// Writes a stream and lets go of it.
    package func writeAndDrop(_ name: String, _ bytes: [UInt8], _ options: WriteOptions = WriteOptions()) async throws {
        var writer = try await self.start(name, options)
        try await writer.appendAll(bytes)
        drop(writer)
        try await self.settle(name)
    }

    /// Waits until a stream is no longer live.
    package func settle(_ name: String) async throws {
        let id = try StreamID(name)
        let reader = try self.makeReader(for: id)
        var status = try await reader.opened().value()
        while status.state == .live { status = try await reader.grown(past: .max, while: .live) }
    }

    /// All bytes of a stream.
    package func bytes(_ name: String) async throws -> [UInt8] {
        let reader = try self.makeReader(for: StreamID(name))
        let size = try await reader.opened().value().size
        var bytes: [UInt8] = []
        while bytes.count < size {
            let part = try await reader.read(at: Int64(bytes.count), count: Int(size) - bytes.count).value()
            bytes += Array(part.readableBytesView)
        }
        return bytes
    }

    /// The names of all streams.
    package func names() async throws -> [String] {
        try await self.streams(matching: StreamFilter(), after: nil, limit: 100_000).streams.map(\.id.rawValue)
    }
}

extension StreamWriter {
    /// Appends, and waits where the backend wants that.
    package mutating func appendAll(_ bytes: [UInt8]) async throws {
        for start in stride(from: 0, to: bytes.count, by: 65_536) {
            let part = ByteBuffer(bytes: bytes[start..<min(start + 65_536, bytes.count)])
            if case .pause(let readiness) = try self.append(part) { try await readiness.value() }
        }
    }
}

/// Lets go of a writer.
package func drop(_ writer: consuming StreamWriter) {}

/// What something fails with.
package func failure(_ body: () async throws -> Void) async throws -> CacheError {
    do {
        try await body()
    } catch let error as CacheError {
        return error
    }
    throw Unexpected("It worked.")
}

/// Throws what was found where something does not hold: what is thrown gets the case beside it.
package func demand(_ holds: Bool, _ finding: @autoclosure () -> String) throws {
    if !holds { throw Unexpected(finding()) }
}

/// What a test did not expect.
package struct Unexpected: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}
