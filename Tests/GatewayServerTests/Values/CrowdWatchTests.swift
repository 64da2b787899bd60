import Testing

@testable import GatewayServer

@Suite("When a crowd of connections has gone")
struct CrowdWatchTests {
    @Test("it is told once, when half of the most have gone, and again after the next crowd")
    func once() {
        var watch = CrowdWatch()
        let looks = [10, 500, 1_000, 501, 500, 400, 250, 249, 20, 300, 0, 0]
        let told = looks.map { watch.hasGone(connections: $0) }
        #expect(told == [false, false, false, false, true, false, true, false, true, false, true, false])
    }

    @Test("a few connections that come and go are no crowd")
    func few() {
        var watch = CrowdWatch()
        let told = [0, 63, 0, 40, 1, 63, 0].map { watch.hasGone(connections: $0) }
        #expect(!told.contains(true))
    }
}
