import FileBackendSupport
import FileStorage

@testable import MmapBackend

extension FileBench {
    /// A bench for the mmap backend, over an empty directory or over one that is there.
    static func mmap(at path: String? = nil) throws -> FileBench {
        try FileBench(at: path) { configuration, calls, clock, logger in
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
