import GatewayServer

/// What a person sees who starts the gateway by hand: where to go from here.
struct Banner {
    /// The configuration in force.
    var gateway: GatewayConfiguration
    /// The port that it listens on.
    var port: Int
    /// Where the streams are; `nil` where they are in no file.
    var directory: String?

    var text: String {
        let address = "\(Self.reachable(self.gateway.host)):\(self.port)"
        let (ws, http) = self.gateway.tls == nil ? ("ws", "http") : ("wss", "https")
        let rows = [
            ("dashboard", "\(http)://\(address)/"),
            ("upload, read", "\(ws)://\(address)\(self.gateway.path)"),
            ("health", "\(http)://\(address)/readyz"),
            ("metrics", "\(http)://\(address)/metrics"),
            ("backend", self.gateway.backendType),
            ("streams", self.directory.map { "in \($0)" } ?? "in memory, gone when the gateway stops"),
            ("try it", "audio-client roundtrip --server \(ws)://\(address)\(self.gateway.path)"),
            ("stop", "Ctrl-C"),
        ]
        let width = rows.map { $0.0.count }.max() ?? 0
        let lines = rows.map { "  \($0.0)\(String(repeating: " ", count: width - $0.0.count))  \($0.1)\n" }
        return "\naudio-stream-cache \(GatewayServer.version) is running\n\n\(lines.joined())\n"
    }

    /// A host as a client on this machine names it: an address that stands for all of them is none to connect to.
    static func reachable(_ host: String) -> String {
        switch host {
        case "0.0.0.0", "": "127.0.0.1"
        case "::": "[::1]"
        default: host.contains(":") ? "[\(host)]" : host
        }
    }
}
