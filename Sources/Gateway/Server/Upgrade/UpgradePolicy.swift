import NIOHTTP1
import Wire

/// Whether a request may open a WebSocket: a decision about values, made before anything else of a connection is.
struct UpgradePolicy: Hashable {
    /// The path that speaks WebSocket, beginning with a slash.
    var path: String
    /// Who may ask for anything.
    var requests: RequestPolicy

    /// Whether a request target is the WebSocket path.
    ///
    /// - Parameter target: The request target in origin form (RFC 9112, 3.2.1).
    func isWebSocketPath(_ target: String) -> Bool {
        target.utf8.prefix { $0 != UInt8(ascii: "?") }.elementsEqual(self.path.utf8)
    }

    /// What comes of a request.
    enum Decision: Hashable {
        /// Upgrade, with these fields in the 101; who asks may do that.
        case accept([Handshake.Field], Grant)
        /// Answer this instead.
        case refuse(Refusal)
    }

    /// Decides about a request to the WebSocket path. Who may not come in does not learn how busy it is.
    func decide(_ head: HTTPRequestHead, connections: Int, limit: Int) -> Decision {
        let fields = RequestPolicy.Fields(
            host: head.headers["host"],
            origin: head.headers["origin"],
            credentials: Credentials(authorization: head.headers["authorization"], subprotocols: Subprotocols(head))
        )
        let grant: Grant
        switch self.requests.decide(fields, needing: []) {
        case .failure(let refusal): return .refuse(refusal)
        case .success(let granted): grant = granted
        }
        guard connections < limit else {
            var refusal = Refusal(
                .serviceUnavailable,
                "\(limit) connections are open, which is the limit (limits.maxConnections)."
            )
            refusal.fields = [Handshake.Field("Retry-After", "5")]
            return .refuse(refusal)
        }
        switch Handshake.decide(head) {
        case .accept(let fields): return .accept(fields, grant)
        case .refuse(let status, let reason, let fields):
            var refusal = Refusal(status, reason)
            refusal.fields = fields
            return .refuse(refusal)
        }
    }
}
