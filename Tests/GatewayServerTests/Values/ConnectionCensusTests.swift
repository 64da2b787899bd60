import NIOCore
import Testing

@testable import GatewayServer

@Suite("How many connections there may be, and how fast they may begin streams")
struct ConnectionCensusTests {
    private static let limits = ConnectionCensus.Limits(plain: 3, perPeer: 2)

    @Test("connections that are no WebSockets have a limit, and one that becomes a WebSocket makes room")
    func plain() {
        var census = ConnectionCensus()
        for peer in ["a", "b", "c"] { #expect(census.accepted(peer, Self.limits) == .admit) }
        guard case .refuse(let reason) = census.accepted("d", Self.limits) else {
            Issue.record("a fourth was admitted")
            return
        }
        #expect(reason.contains("limits.maxPlainConnections"))
        census.upgraded()
        #expect(census.accepted("d", Self.limits) == .admit)
        census.closed("a", wasPlain: false)
        #expect(census.accepted("d", Self.limits) != .admit)
        census.closed("b", wasPlain: true)
        #expect(census.accepted("d", Self.limits) == .admit)
        #expect(census.plain == 3)
    }

    @Test("one peer has its own limit, of both kinds together, and others are not hurt by it")
    func perPeer() {
        var census = ConnectionCensus()
        for _ in 0..<2 {
            #expect(census.accepted("a", Self.limits) == .admit)
            census.upgraded()
        }
        guard case .refuse(let reason) = census.accepted("a", Self.limits) else {
            Issue.record("a third was admitted")
            return
        }
        #expect(reason.contains("limits.maxConnectionsPerPeer"))
        #expect(census.accepted("b", Self.limits) == .admit)
        census.closed("a", wasPlain: false)
        #expect(census.accepted("a", Self.limits) == .admit)
        // For whom nobody counts, only the others' limits hold.
        for _ in 0..<10 {
            #expect(census.accepted(nil, Self.limits) == .admit)
            census.upgraded()
        }
    }

    @Test("a peer is an IPv4 address, or an IPv6 network; this machine is none unless it is to be")
    func peers() throws {
        func peer(_ address: String, _ countsLoopback: Bool = false) throws -> String? {
            ConnectionCensus.peer(
                try SocketAddress(ipAddress: address, port: 1),
                .init(plain: 1, perPeer: 1, countsLoopback: countsLoopback)
            )
        }
        for address in ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            #expect(try peer(address) == nil, "\(address)")
            #expect(try peer(address, true) != nil, "\(address)")
        }
        #expect(try peer("10.0.0.1") != peer("10.0.0.2"))
        #expect(try peer("10.0.0.1") == peer("::ffff:10.0.0.1"))
        #expect(try peer("2001:db8::1") == peer("2001:db8::ffff:1"))
        #expect(try peer("2001:db8::1") != peer("2001:db8:0:1::1"))
        #expect(try peer("2001:db8::1") != nil)
        #expect(ConnectionCensus.peer(nil, Self.limits) == nil)
    }

    @Test("places are given back when whoever holds them is gone, in whatever order things happen")
    func places() throws {
        let connections = Connections()
        let address = try SocketAddress(ipAddress: "10.0.0.1", port: 1)
        var (first, _) = connections.accept(address, Self.limits)
        var (second, _) = connections.accept(address, Self.limits)
        #expect(first != nil && second != nil)
        #expect(connections.accept(address, Self.limits).0 == nil)
        second?.upgraded()
        second?.upgraded()
        first = nil
        let (third, _) = connections.accept(address, Self.limits)
        #expect(third != nil)
        second = nil
        #expect(first == nil && connections.accept(address, Self.limits).0 != nil)
    }

    @Test("streams may begin at a rate, ten seconds of it at once; what is beyond waits for its turn and no longer")
    func starts() {
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var budget = StartBudget(perSecond: 100, now: start)
        for number in 0..<1_000 { #expect(budget.started(at: start) == .zero, "\(number)") }
        #expect(budget.started(at: start) == .milliseconds(10))
        #expect(budget.started(at: start) == .milliseconds(20))
        #expect(budget.started(at: start + .milliseconds(20)) == .milliseconds(10))
        // Whoever waits as told is never told to wait for more than a turn.
        var now = start + .milliseconds(30)
        for _ in 0..<100 {
            let delay = budget.started(at: now)
            #expect(delay == .milliseconds(10))
            now = now + delay
        }
        #expect(budget.started(at: now + .seconds(60)) == .zero)
        var slow = StartBudget(perSecond: 1, now: start)
        for _ in 0..<10 { #expect(slow.started(at: start) == .zero) }
        #expect(slow.started(at: start) == .seconds(1))
    }
}
