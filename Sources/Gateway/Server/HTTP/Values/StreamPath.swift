import CacheProtocol

/// A stream's id as it stands in a path.
enum StreamPath {
    /// Decodes a path segment once (RFC 3986, 2.1), and checks what comes of it: so nothing that is hidden by being encoded,
    /// once or twice, gets past the grammar.
    ///
    /// - Parameter segment: The segment as the request has it.
    /// - Returns: The id.
    /// - Throws: ``CacheError`` with code `bad_stream_id`.
    static func id(_ segment: some StringProtocol) throws(CacheError) -> StreamID {
        guard let bytes = Self.decoded(segment), let name = String(validating: bytes, as: UTF8.self) else {
            throw CacheError(.badStreamID, "The stream id in the path has a percent sign that begins no encoded UTF-8.")
        }
        return try StreamID(name)
    }

    private static func decoded(_ segment: some StringProtocol) -> [UInt8]? {
        var bytes: [UInt8] = []
        var rest = segment.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst().flatMap({ Self.nibble($0) }),
                let low = rest.popFirst().flatMap({ Self.nibble($0) })
            else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func nibble(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
