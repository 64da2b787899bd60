import CacheProtocol
import FileStorage
import Logging
import MemoryPoolBackend
import MmapBackend
import SQLiteBackend

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
        return registry
    }
}
