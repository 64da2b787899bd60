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
}
