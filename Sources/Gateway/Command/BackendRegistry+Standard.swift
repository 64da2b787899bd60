import CacheProtocol
import FileStorage
import Logging
import MemoryPoolBackend
import MmapBackend
import S3Backend
import SQLiteBackend
import TieredBackend

extension BackendRegistry {
    /// The backends of this build: one line each.
    static var standard: BackendRegistry {
        var registry = BackendRegistry()
        registry.register(MemoryPoolBackend.type) { section in
            let configuration = try MemoryPoolConfiguration(from: &section)
            return { try MemoryPoolBackend(configuration: configuration) }
        }
        registry.register(MmapBackend.type) { section in
            let configuration = try FileStoreConfiguration(from: &section)
            return {
                try MmapBackend(
                    configuration: configuration,
                    processID: ProcessIdentity.current,
                    logger: Logger(label: "mmap")
                )
            }
        }
        registry.register(SQLiteBackend.type) { section in
            let configuration = try FileStoreConfiguration(from: &section)
            return {
                try SQLiteBackend(
                    configuration: configuration,
                    processID: ProcessIdentity.current,
                    logger: Logger(label: "sqlite")
                )
            }
        }
        registry.register(S3Backend.type) { section in
            let configuration = try S3Configuration(from: &section)
            return {
                S3Backend(
                    configuration: configuration,
                    credentials: try S3Credentials.find(for: configuration),
                    logger: Logger(label: "s3")
                )
            }
        }
        // The tiers are any of the above.
        let tiers = registry
        registry.register(TieredBackend.type) { section in
            let configuration = try TieredConfiguration(from: &section)
            let hot = try section.section("hot") { try tiers.plan(from: &$0) }
            let cold = try section.section("cold") { try tiers.plan(from: &$0) }
            return {
                try TieredBackend(
                    hot: try await hot.make(),
                    cold: try await cold.make(),
                    configuration: configuration,
                    logger: Logger(label: "tiered")
                )
            }
        }
        return registry
    }
}
