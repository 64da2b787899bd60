#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A token that a gateway asks for (RFC 6750). Printed, it does not say what it is.
public struct BearerToken: Hashable, Sendable {
    /// The longest token that a gateway looks at, in bytes.
    private static let longest = 512

    /// What goes into the request.
    let value: String

    /// Takes a token.
    ///
    /// - Parameters:
    ///   - text: The token; white space around it is passed over.
    ///   - source: Where it came from, for the error.
    /// - Throws: ``ClientError`` with code `configuration` that does not repeat it.
    public init(_ text: String, from source: String) throws(ClientError) {
        let bytes = text.utf8.drop { Self.isSpace($0) }.reversed().drop { Self.isSpace($0) }.reversed()
        guard (1...Self.longest).contains(bytes.count), bytes.allSatisfy(Self.isTokenByte) else {
            throw ClientError(
                .configuration,
                "What \(source) holds is no token.",
                remedy: "A token is one word of up to \(Self.longest) letters, digits and - . _ ~ + / =."
            )
        }
        self.value = String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a token from a file that only its owner can open.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``ClientError`` with code `noInput`, or `configuration` where others may open it or it holds no token.
    public init(file path: String) throws(ClientError) {
        let file = try LocalFile.reading(path)
        let permissions = try file.permissions()
        guard permissions & 0o077 == 0 else {
            throw ClientError(
                .configuration,
                "\(path) may be opened by others (mode \(String(permissions, radix: 8))).",
                remedy: "A token is a secret: chmod 600 \(path)."
            )
        }
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count: Int
        do {
            count = try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
        } catch {
            throw ErrorHandler.clientError(error, while: "reading \(path)")
        }
        try self.init(String(decoding: bytes[..<count], as: UTF8.self), from: path)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

    /// `token68` of RFC 9110, 11.2.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._~+/=".utf8.contains(byte)
        }
    }
}

extension BearerToken: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// Not the token.
    public var description: String { "(a token)" }
    /// Not the token.
    public var debugDescription: String { self.description }
    /// Nothing.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
