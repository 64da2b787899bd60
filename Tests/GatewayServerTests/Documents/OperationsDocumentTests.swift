import CacheProtocol
import FileStorage
import Foundation
import Logging
import MemoryPoolBackend
import MmapBackend
import TestSupport
import Testing
import Wire

@testable import GatewayServer

/// What the documents and the files of deploy/ name has to be there, and the other way round.
@Suite("The documents for those who run it")
struct OperationsDocumentTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../..")

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: Self.repository.appendingPathComponent(path), encoding: .utf8)
    }

    /// The names of the metrics of a gateway over files or over a pool, without the suffixes of histograms.
    private static func names() async throws -> Set<String> {
        var names = Set(MetricCatalogue.Name.allCases.map(\.rawValue))
        let directory = try TemporaryDirectory()
        var files = FileStoreConfiguration()
        files.directory = directory.file("cache")
        files.maximumBytes = 1 << 30
        let backends: [any CacheBackend] = [
            try MmapBackend(
                configuration: files,
                processID: ProcessIdentity.current,
                logger: Logger(label: "-") { _ in SwiftLogNoOpLogHandler() }
            ), try MemoryPoolBackend(configuration: Self.pool),
        ]
        for backend in backends {
            names.formUnion(await backend.health().gauges.keys.map { MetricCatalogue.storagePrefix + $0 })
        }
        // Those of backends that can't be made without a store are read where they are written.
        for path in ["Sources/Backends/S3/S3Backend.swift", "Sources/Backends/Tiered/TieredBackend.swift"] {
            let figures = try Self.text(path).matches(of: /"((?:store|uploads|tier)_[a-z_]+)"/).map { String($0.1) }
            names.formUnion(figures.map { MetricCatalogue.storagePrefix + $0 })
        }
        return names
    }

    private static var pool: MemoryPoolConfiguration {
        var pool = MemoryPoolConfiguration()
        pool.capacity = Int64(pool.pageSize)
        return pool
    }

    /// The names in a text that look like metrics of ours.
    private static func named(in text: String) -> Set<String> {
        let names = text.matches(of: /\b(?:audiocache|process)_[a-z][a-z0-9_]*/).map { String($0.output) }
        return Set(
            names.map { name in
                for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
                    return String(name.dropLast(suffix.count))
                }
                return name
            }
        )
    }

    @Test(
        "dashboards and alerts name no metric that the gateway does not have",
        arguments: ["deploy/grafana/audio-stream-cache.json", "deploy/prometheus/alerts.yml"]
    )
    func deployed(path: String) async throws {
        let named = Self.named(in: try Self.text(path))
        #expect(named.count >= 5)
        #expect(named.subtracting(try await Self.names()) == [])
    }

    @Test("docs/operations.md tells every metric, and no other")
    func operations() async throws {
        let named = Self.named(in: try Self.text("docs/operations.md"))
        let names = try await Self.names()
        #expect(names.subtracting(named) == [])
        #expect(named.subtracting(names) == [])
    }

    @Test("the list of the error codes is whole")
    func codes() throws {
        let declared = try Self.text("Sources/Gateway/Wire/Messages/ErrorCode.swift")
            .matches(of: /Self\(rawValue: "([a-z_]+)"\)/).map { String($0.1) }
        #expect(declared == ErrorCode.all.map(\.rawValue))
    }

    @Test("docs/troubleshooting.md has a heading for every error code, and for no other")
    func troubleshooting() throws {
        let text = try Self.text("docs/troubleshooting.md")
        let headings = text.matches(of: /(?m)^### `([a-z_]+)`$/).map { String($0.1) }
        #expect(Set(headings) == Set(ErrorCode.all.map(\.rawValue)))
        #expect(headings.count == ErrorCode.all.count)
    }
}
