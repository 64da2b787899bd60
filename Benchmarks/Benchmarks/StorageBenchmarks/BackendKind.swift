import CacheProtocol
import FileStorage
import Foundation
import Logging
import MemoryPoolBackend
import MmapBackend
import SQLiteBackend

/// The backends that are measured, made from their configuration.
enum BackendKind: String, CaseIterable {
    case memory, mmap, sqlite

    /// Has a backend run over a directory of its own, which is removed afterwards.
    ///
    /// - Parameters:
    ///   - maximumBytes: The most bytes that its streams may have together.
    ///   - directory: A directory that is there already and stays; `nil` for one of its own.
    ///   - body: What to do with it.
    func withBackend(
        maximumBytes: Int64 = 512 << 20,
        directory: String? = nil,
        _ body: (any CacheBackend) async throws -> Void
    ) async throws {
        let place = directory ?? NSTemporaryDirectory() + "storage-benchmarks-\(UUID().uuidString)"
        defer {
            if directory == nil { try? FileManager.default.removeItem(atPath: place) }
        }
        try await Self.running(try self.make(in: place, maximumBytes: maximumBytes), body)
    }

    private static func running(
        _ backend: any CacheBackend,
        _ body: (any CacheBackend) async throws -> Void
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do { try await backend.run() } catch is CancellationError {}
            }
            try await body(backend)
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    func make(in directory: String, maximumBytes: Int64?) throws -> any CacheBackend {
        var logger = Logger(label: self.rawValue)
        logger.logLevel = .error
        if case .memory = self {
            var configuration = MemoryPoolConfiguration()
            configuration.digest = .none
            configuration.capacity = maximumBytes ?? configuration.capacity
            return try MemoryPoolBackend(configuration: configuration)
        }
        var configuration = FileStoreConfiguration()
        configuration.directory = directory
        configuration.digest = .none
        configuration.maximumBytes = maximumBytes
        configuration.minimumFreeBytes = 0
        let process = ProcessInfo.processInfo.processIdentifier
        return self == .mmap
            ? try MmapBackend(configuration: configuration, processID: process, logger: logger)
            : try SQLiteBackend(configuration: configuration, processID: process, logger: logger)
    }
}
