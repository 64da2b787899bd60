import CacheProtocol
import NIOCore
import Testing
import Wire

@testable import GatewayServer

@Suite("What peers are told of a stream")
struct StreamDescriptionTests {
    @Test(
        "where the copies are is told by a gateway with tiers, and by no other",
        arguments: [[], [.hot], [.hot, .cold]] as [[StorageTier]]
    )
    func copies(_ tiers: [StorageTier]) throws {
        let moment = Timestamp(millisecondsSinceEpoch: 1)
        var info = StreamInfo(id: try StreamID("a"), state: .sealed, size: 3, createdAt: moment)
        info.copies = tiers
        let text = String(buffer: StreamDescription(info, ReaderCensus()).json())
        let words = tiers.map { "\"\($0.rawValue)\"" }.joined(separator: ",")
        #expect(text.contains("\"copies\"") == !tiers.isEmpty)
        #expect(tiers.isEmpty || text.contains("\"copies\":[\(words)]"))
    }
}
