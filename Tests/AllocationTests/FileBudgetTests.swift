import CacheProtocol
import FileStorage
import Logging
import MmapBackend
import NIOCore
import TestSupport
import Testing

@Suite("What storing and reading in files may allocate, on the thread that asks")
struct FileBudgetTests {
    private static func makeBackend(in directory: TemporaryDirectory) throws -> MmapBackend {
        var configuration = FileStoreConfiguration()
        configuration.directory = directory.file("cache")
        configuration.minimumFreeBytes = 0
        return try MmapBackend(
            configuration: configuration,
            processID: ProcessIdentity.current,
            logger: Logger(label: "-") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    @Test("appending allocates nothing for a frame, and little for a hand-over to the thread that writes")
    func append() async throws {
        let directory = try TemporaryDirectory()
        let backend = try Self.makeBackend(in: directory)
        var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions())
        _ = try await writer.opened().value()
        let frame = ByteBuffer(repeating: 0x5A, count: 1_024)
        // Four whole blocks, so that two hand-overs at most are among them; the first round makes the blocks.
        for round in 0..<2 {
            var readiness: Later<Void>?
            let allocated = try allocations(afterWarmUps: 0) {
                for _ in 0..<1_024 {
                    if case .pause(let later) = try writer.append(frame) { readiness = later }
                }
            }
            if round > 0 { #expect(allocated ?? 0 <= 64, "\(allocated ?? 0)") }
            try await readiness?.value()
        }
        _ = try await writer.finish().value()
    }

    @Test("reading what the page cache has allocates nothing once the buffers are there")
    func read() async throws {
        let directory = try TemporaryDirectory()
        let backend = try Self.makeBackend(in: directory)
        var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions())
        _ = try await writer.opened().value()
        _ = try writer.append(ByteBuffer(repeating: 0x5A, count: 1 << 20))
        _ = try await writer.finish().value()
        let reader = try backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        var missing = 0
        let allocated = try allocations {
            for index in 0..<64 {
                if case .later = try reader.read(at: Int64(index % 16) << 16, count: 65_536) { missing += 1 }
            }
        }
        // Where the device had to be asked, that is another cost.
        if missing == 0 { #expect(allocated ?? 0 == 0, "\(allocated ?? 0)") }
    }
}
