import FileBackendSupport
import Testing

@Suite("A process that ends at any moment")
struct CrashTests {
    @Test("ended in any file call, the directory has everything that was promised")
    func anyMoment() async throws {
        let bench = try FileBench.mmap()
        let log = try CrashLog(of: bench)
        let made = try await bench.make()
        bench.calls.hook { call, path in if call.isChange { log.take("\(call.rawValue) \(path)") } }
        try await log.live(made)
        bench.calls.hook(nil)
        #expect(log.crashes.count > 30)
        for crash in log.crashes { try await crash.examine { try FileBench.mmap(at: $0) } }
    }
}
