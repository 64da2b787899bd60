import Crypto
import NIOCore

/// One file of the dashboard, as it is served.
struct DashboardFile: Hashable {
    /// Where it is served.
    let path: String
    /// Its media type.
    let contentType: String
    /// Its bytes.
    let body: ByteBuffer
    /// The value of `ETag`: strong, since it is made of the bytes (RFC 9110, 8.8.3).
    let entityTag: EntityTag

    /// Describes a file by its name and its bytes.
    ///
    /// - Parameters:
    ///   - name: Its name in `Resources`, by whose end the type is told.
    ///   - path: Where it is served.
    ///   - bytes: Its bytes.
    init(_ name: String, at path: String, _ bytes: [UInt8]) {
        self.path = path
        self.contentType = Self.contentType(of: name)
        self.body = ByteBuffer(bytes: bytes)
        self.entityTag = EntityTag(opaque: SHA256.hash(data: bytes).prefix(16).map { Self.hex($0) }.joined())
    }

    /// Whether a client that has sent this value of `If-None-Match` has these bytes already (RFC 9110, 13.1.2): a proxy
    /// that compresses makes the tag a weak one, and comparing is weak here.
    func isHeld(byClientWith ifNoneMatch: String) -> Bool {
        switch EntityTag.List(ifNoneMatch) {
        case .any: true
        case .tags(let tags): tags.contains { $0.weaklyMatches(self.entityTag) }
        }
    }

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "application/octet-stream"
        }
    }

    private static func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
