import NIOCore
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How many connections there are, and whose: looked at as each is accepted, before anything of it is read.
///
/// Peers on this machine are not counted apart, since behind a proxy all clients look like one. An IPv6 network of 64 bits
/// counts as one peer: whoever has one address of it has all.
struct ConnectionCensus {
    /// How many there may be.
    struct Limits: Hashable {
        /// Connections that are not WebSockets, or not yet.
        var plain: Int
        /// Connections of one peer, of both kinds.
        var perPeer: Int
        /// Whether peers on this machine are counted like others.
        var countsLoopback = false
    }

    enum Verdict: Hashable {
        case admit
        case refuse(reason: String)
    }

    private(set) var plain = 0
    private var byPeer: [String: Int] = [:]

    /// A connection was accepted; what was admitted is to be given back by ``closed(_:wasPlain:)``.
    mutating func accepted(_ peer: String?, _ limits: Limits) -> Verdict {
        guard self.plain < limits.plain else {
            return .refuse(
                reason: "\(limits.plain) connections are open that are no WebSockets (limits.maxPlainConnections)."
            )
        }
        if let peer {
            let count = self.byPeer[peer, default: 0]
            guard count < limits.perPeer else {
                return .refuse(
                    reason: "\(limits.perPeer) connections of this address are open (limits.maxConnectionsPerPeer)."
                )
            }
            self.byPeer[peer] = count + 1
        }
        self.plain += 1
        return .admit
    }

    /// An admitted connection has become a WebSocket.
    mutating func upgraded() { self.plain -= 1 }

    /// An admitted connection is over.
    mutating func closed(_ peer: String?, wasPlain: Bool) {
        if wasPlain { self.plain -= 1 }
        guard let peer, let count = self.byPeer[peer] else { return }
        self.byPeer[peer] = count > 1 ? count - 1 : nil
    }

    /// Whose a connection is: an IPv4 address, or the first 64 bits of an IPv6 address; `nil` for whom nobody counts.
    static func peer(_ address: SocketAddress?, _ limits: Limits) -> String? {
        switch address {
        case .v4:
            guard let text = address?.ipAddress, limits.countsLoopback || !text.hasPrefix("127.") else { return nil }
            return text
        case .v6:
            guard let text = address?.ipAddress else { return nil }
            var bytes = [UInt8](repeating: 0, count: 16)
            // The scope of a link-local address is no part of it.
            guard inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &bytes) == 1 else { return text }
            guard bytes != Self.loopback || limits.countsLoopback else { return nil }
            guard bytes.prefix(12).elementsEqual(Self.mappedPrefix) else {
                return bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: ":")
            }
            // An IPv4 address on a socket that takes both (RFC 4291, 2.5.5.2).
            guard bytes[12] != 127 || limits.countsLoopback else { return nil }
            return bytes.suffix(4).map { "\($0)" }.joined(separator: ".")
        case .unixDomainSocket, .none: return nil
        }
    }

    private static let loopback = [UInt8](repeating: 0, count: 15) + [1]
    private static let mappedPrefix = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]
}

/// The connections of one server. Asked as connections come and go, never where bytes flow.
final class Connections: Sendable {
    private let census = Mutex(ConnectionCensus())

    /// One connection's place among them; dropped with it.
    final class Place: Sendable {
        private let connections: Connections
        private let peer: String?
        private let isPlain = Atomic<Bool>(true)

        fileprivate init(_ connections: Connections, _ peer: String?) {
            self.connections = connections
            self.peer = peer
        }

        /// The connection has become a WebSocket.
        func upgraded() {
            if self.isPlain.exchange(false, ordering: .relaxed) {
                self.connections.census.withLock { $0.upgraded() }
            }
        }

        deinit {
            let wasPlain = self.isPlain.load(ordering: .relaxed)
            self.connections.census.withLock { $0.closed(self.peer, wasPlain: wasPlain) }
        }
    }

    /// Takes a connection in, if there is room.
    func accept(_ address: SocketAddress?, _ limits: ConnectionCensus.Limits) -> (Place?, ConnectionCensus.Verdict) {
        let peer = ConnectionCensus.peer(address, limits)
        let verdict = self.census.withLock { $0.accepted(peer, limits) }
        return (verdict == .admit ? Place(self, peer) : nil, verdict)
    }
}
