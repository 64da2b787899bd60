/// Where the bucket is, and how its address is put together.
public struct S3Endpoint: Hashable, Sendable {
    /// `http` or `https`.
    public var scheme: String
    /// The host's name or address.
    public var host: String
    /// The port, where the scheme's own is not meant.
    public var port: Int?
    /// The bucket.
    public var bucket: String
    /// The region that signatures name.
    public var region: String
    /// Whether the bucket stands in the path (`https://host/bucket/key`) and not in the host's name
    /// (`https://bucket.host/key`).
    public var usesPathStyle: Bool

    /// Describes a bucket's place.
    ///
    /// - Parameters:
    ///   - url: `http://` or `https://`, a host, and a port where needed; no path.
    ///   - bucket: The bucket.
    ///   - region: The region that signatures name.
    ///   - usesPathStyle: Whether the bucket stands in the path.
    /// - Returns: `nil` where the URL is none of that form.
    public init?(url: String, bucket: String, region: String, usesPathStyle: Bool) {
        guard let separator = url.firstRange(of: "://") else { return nil }
        self.scheme = url[..<separator.lowerBound].lowercased()
        var rest = url[separator.upperBound...]
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard self.scheme == "http" || self.scheme == "https", !rest.isEmpty else { return nil }
        var host = rest
        var port: Int?
        let portStart =
            rest.hasPrefix("[") ? rest.firstRange(of: "]:")?.upperBound : rest.firstRange(of: ":")?.upperBound
        if let portStart {
            guard let number = Int(rest[portStart...]), (1...65_535).contains(number) else { return nil }
            port = number
            host = rest[..<rest.index(before: portStart)]
        }
        let isPlain = host.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || [UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: ":"), 0x5B, 0x5D].contains(byte)
        }
        guard isPlain, !host.isEmpty else { return nil }
        self.host = String(host)
        self.port = port
        self.bucket = bucket
        self.region = region
        self.usesPathStyle = usesPathStyle
    }

    /// Scheme, host and port, for messages.
    public var origin: String { "\(self.scheme)://\(self.host)\(self.port.map { ":\($0)" } ?? "")" }

    /// The value of the header `Host`.
    var authority: String {
        let host = self.usesPathStyle ? self.host : "\(self.bucket).\(self.host)"
        let isDefault = self.port == nil || self.port == (self.scheme == "https" ? 443 : 80)
        return isDefault ? host : "\(host):\(self.port ?? 0)"
    }

    /// The path of a key, not encoded.
    func path(_ key: String?) -> String {
        let bucket = self.usesPathStyle ? "/\(self.bucket)" : ""
        return key.map { "\(bucket)/\($0)" } ?? (bucket.isEmpty ? "/" : bucket)
    }

    /// The address of a request.
    func url(_ request: S3Request) -> String {
        let query = request.query
            .map { "\(PercentEncoding.encode($0.name))=\(PercentEncoding.encode($0.value))" }
            .joined(separator: "&")
        let path = PercentEncoding.encode(self.path(request.key), keepsSlashes: true)
        return "\(self.scheme)://\(self.authority)\(path)\(query.isEmpty ? "" : "?\(query)")"
    }
}
