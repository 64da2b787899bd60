public import CacheProtocol

extension GatewayConfiguration {
    /// Whether only this machine reaches the gateway.
    var isLoopback: Bool {
        let host = self.host.lowercased()
        return host == "localhost" || host == "::1" || host == "[::1]"
            || host.hasPrefix("127.") && host.utf8.allSatisfy { (0x30...0x39).contains($0) || $0 == 0x2E }
    }

    /// Refuses to serve others than this machine without tokens, unless that is said to be meant.
    ///
    /// - Parameter file: Where the configuration came from, for the message.
    /// - Throws: ``ConfigError`` with what to do.
    public func checkExposure(file: String = "-") throws(ConfigError) {
        guard !self.isLoopback, !self.access.needsToken, !self.isInsecure else { return }
        throw ConfigError(
            file: file,
            keyPath: "listen.host",
            found: "\"\(self.host)\", which others can reach, and no tokens",
            accepted: "tokens, by security.tokenFile or security.tokenVariable; \"127.0.0.1\"; or, inside a "
                + "network that you trust, \"security\": {\"insecure\": true}"
        )
    }

    /// Reads the certificate and its key, if there are any.
    func readCertificate(file: String = "-") throws(ConfigError) -> ServerCertificate? {
        guard let tls = self.tls else { return nil }
        return try ServerCertificate(tls, source: file)
    }

    /// Checks that the certificate and its key can be read and fit each other.
    ///
    /// - Parameter file: Where the configuration came from, for the message.
    /// - Throws: ``ConfigError`` with the file at fault.
    public func checkCertificate(file: String) throws(ConfigError) { _ = try self.readCertificate(file: file) }

    /// The configuration that is in force after another was read while the gateway runs.
    ///
    /// - Parameter new: What was read.
    /// - Returns: The new one with the old one's values where only a start changes them, and their keys.
    func reloaded(as new: Self) -> (merged: Self, fixed: [String]) {
        var merged = new
        var fixed: [String] = []
        func keep<Value: Equatable>(_ path: WritableKeyPath<Self, Value>, _ key: String) {
            guard self[keyPath: path] != new[keyPath: path] else { return }
            merged[keyPath: path] = self[keyPath: path]
            fixed.append(key)
        }
        keep(\.host, "listen.host")
        keep(\.port, "listen.port")
        keep(\.path, "listen.path")
        keep(\.logFormat, "log.format")
        keep(\.shutdownDelaySeconds, "limits.shutdownDelaySeconds")
        keep(\.shutdownGraceSeconds, "limits.shutdownGraceSeconds")
        keep(\.backendType, "backend.type")
        if (self.tls == nil) != (new.tls == nil) { keep(\.tls, "listen.tlsCertificate") }
        return (merged, fixed)
    }
}
