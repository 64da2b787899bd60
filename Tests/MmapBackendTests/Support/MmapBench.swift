import FileBackendSupport
import FileStorage

@testable import MmapBackend

extension FileBench {
    /// A bench for the mmap backend.
    static func mmap() throws -> FileBench {
        try FileBench { configuration, calls, clock, logger in
            let backend = try MmapBackend(
                configuration: configuration,
                processID: 4_711,
                calls: calls,
                clock: clock,
                logger: logger
            )
            return Made(backend: backend, store: backend.store)
        }
    }
}
