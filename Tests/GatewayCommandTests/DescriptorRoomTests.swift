import GatewayServer
import Testing

@testable import gateway

/// Found by taking a gateway's last descriptors: its runtime ended it.
@Suite("Connections that there are descriptors for")
struct DescriptorRoomTests {
    @Test("limits are lowered to what the descriptors are enough for, and left alone where they are enough")
    func fit() {
        var configuration = GatewayConfiguration()
        let usual = (configuration.maximumConnections, configuration.maximumPlainConnections)
        #expect(DescriptorRoom.fit(&configuration, to: 1 << 20) == nil)
        #expect((configuration.maximumConnections, configuration.maximumPlainConnections) == usual)
        #expect(DescriptorRoom.fit(&configuration, to: 1_024) == 240)
        #expect(configuration.maximumConnections == 240)
        #expect(configuration.maximumPlainConnections == 240)
        #expect(DescriptorRoom.fit(&configuration, to: 10) == 1)
        #expect(configuration.maximumConnections == 1)
    }
}
