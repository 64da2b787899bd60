import CacheProtocol
import FileStorage
import Logging
import MmapBackend

extension BackendRegistry {
    /// The backends of this build: one line each.
    static var standard: BackendRegistry {
        var registry = BackendRegistry()
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
        return registry
    }
}
