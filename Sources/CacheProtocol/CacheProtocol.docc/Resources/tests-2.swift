import BackendTestKit
import CacheProtocol
import DictionaryBackend
import NIOCore
import Testing

@Suite("A backend in a dictionary")
struct DictionaryBackendTests {
    @Test(
        "keeps every promise that its capabilities make",
        arguments: BackendCheck.all(for: DictionaryBackend(DictionaryConfiguration()).capabilities)
    )
    func keeps(_ check: BackendCheck) async throws {
        try await check.run { DictionaryBackend(DictionaryConfiguration()) }
    }

    @Test("refuses a stream that gets too long, and keeps what it had taken")
    func limit() async throws {
        var configuration = DictionaryConfiguration()
        configuration.maximumStreamSize = 10
        let backend = DictionaryBackend(configuration)
        let id = try StreamID("a")
        var writer = try backend.makeWriter(for: id, options: WriteOptions())
        _ = try await writer.opened().value()
        _ = try writer.append(ByteBuffer(string: "0123456789"))
        var code: CacheError.Code?
        do throws(CacheError) {
            _ = try writer.append(ByteBuffer(string: "x"))
        } catch {
            code = error.code
        }
        #expect(code == .streamTooLarge)
        #expect(try await writer.finish().value().size == 10)
    }
}
