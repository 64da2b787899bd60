import CacheProtocol
import FileBackendSupport
import NIOCore
import TestSupport
import Testing

@testable import FileStorage

#if os(Linux)
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

@Suite("Reading writes nothing")
struct AccessTimeTests {
    @Test("the time of a file's last access stays what it was when its stream is read")
    func stays() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        let bytes = [UInt8](repeating: 7, count: 100_000)
        try await made.backend.write("a", bytes)
        let path = bench.file("a.audio")
        // Before it was written: what is left to itself notes the next access then (mount(8), relatime).
        var times = [timespec(tv_sec: 1_000, tv_nsec: 0), timespec(tv_sec: 2_000, tv_nsec: 0)]
        try #require(utimensat(AT_FDCWD, path, &times, 0) == 0)
        let reader = try made.backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        #expect(try await reader.read(at: 0, count: 4).value() == ByteBuffer(bytes: [7, 7, 7, 7]))
        var info = stat()
        try #require(stat(path, &info) == 0)
        #expect(info.st_atim.tv_sec == 1_000)
    }
}
#endif
