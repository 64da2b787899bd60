import CacheProtocol

/// The media type under which a stream is served: `audio/*` or `application/octet-stream` and nothing else, so that no
/// stream is ever taken for a page, a script or a picture, whatever its writer says.
struct AudioMediaType: Hashable {
    /// The value of `Content-Type`.
    let fieldValue: String

    /// What is not known to be audio.
    static let unknown = Self("application/octet-stream")
    /// How many bytes of a stream are enough to know its kind.
    static let sniffLength = 64

    private init(_ value: String) { self.fieldValue = value }

    /// The type that a writer declared, where it may be served.
    ///
    /// - Parameter declared: What the writer declared.
    /// - Returns: ``unknown`` for anything but `audio/*` of the grammar of RFC 9110, 8.3.1; `nil` where nothing was
    ///   declared.
    init?(declared: String?) {
        guard let declared else { return nil }
        self = Self.isAudio(declared) ? Self(declared) : .unknown
    }

    /// The type that the first bytes of a stream tell.
    ///
    /// - Parameter bytes: The first ``sniffLength`` bytes, or fewer.
    init(sniffing bytes: some Collection<UInt8>) {
        let bytes = Array(bytes.prefix(Self.sniffLength))
        func has(_ text: StaticString, at offset: Int = 0) -> Bool {
            text.withUTF8Buffer { bytes.dropFirst(offset).starts(with: $0) }
        }
        if has("RIFF"), has("WAVE", at: 8) {
            self = Self("audio/wav")
        } else if has("OggS") {
            // The first packet begins behind a page header with one segment (RFC 3533, 6).
            self = Self(has("OpusHead", at: 28) ? "audio/ogg; codecs=opus" : "audio/ogg")
        } else if has("fLaC") {
            self = Self("audio/flac")
        } else if has("ID3") || Self.isMP3Frame(bytes) {
            self = Self("audio/mpeg")
        } else {
            self = .unknown
        }
    }

    /// The header of an MPEG audio frame of layer III, with no reserved value in it: eleven set bits alone are too few to
    /// tell (ISO/IEC 11172-3, 2.4.1.3).
    private static func isMP3Frame(_ bytes: [UInt8]) -> Bool {
        guard bytes.count >= 4, bytes[0] == 0xFF, bytes[1] & 0xE0 == 0xE0 else { return false }
        let version = bytes[1] >> 3 & 0b11
        let layer = bytes[1] >> 1 & 0b11
        let bitrate = bytes[2] >> 4
        let rate = bytes[2] >> 2 & 0b11
        return version != 0b01 && layer == 0b01 && bitrate != 0 && bitrate != 0b1111 && rate != 0b11
    }

    /// Whether browsers are to play it in place, rather than offer to save it.
    var isAudio: Bool { self != .unknown }

    /// What a file of this type is called at its end, with the dot; empty where that is not known.
    var fileExtension: String {
        let essence = self.fieldValue.prefix { $0 != ";" && $0 != " " }.lowercased()
        if essence == "audio/ogg" { return self.fieldValue.lowercased().contains("opus") ? ".opus" : ".ogg" }
        return Self.extensions[essence] ?? ""
    }

    private static let extensions = [
        "audio/mpeg": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/vnd.wave": ".wav",
        "audio/flac": ".flac",
        "audio/x-flac": ".flac", "audio/opus": ".opus", "audio/webm": ".webm", "audio/mp4": ".m4a", "audio/aac": ".aac",
    ]

    // MARK: Grammar

    /// `"audio/" token *( OWS ";" OWS [ token "=" ( token / quoted-string ) ] )`
    private static func isAudio(_ value: String) -> Bool {
        var rest = value.utf8[...]
        guard rest.prefix(5).elementsEqual("audio".utf8, by: { $0 | 0x20 == $1 }) else { return false }
        rest = rest.dropFirst(5)
        guard rest.first == UInt8(ascii: "/") else { return false }
        rest = rest.dropFirst()
        guard Self.dropToken(&rest) else { return false }
        while true {
            Self.dropSpace(&rest)
            if rest.isEmpty { return true }
            guard rest.first == UInt8(ascii: ";") else { return false }
            rest = rest.dropFirst()
            Self.dropSpace(&rest)
            if rest.isEmpty || rest.first == UInt8(ascii: ";") { continue }
            guard Self.dropToken(&rest), rest.first == UInt8(ascii: "=") else { return false }
            rest = rest.dropFirst()
            guard Self.dropToken(&rest) || Self.dropQuoted(&rest) else { return false }
        }
    }

    private static func dropSpace(_ rest: inout Substring.UTF8View) {
        rest = rest.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
    }

    private static func dropToken(_ rest: inout Substring.UTF8View) -> Bool {
        let end = rest.drop { Self.isTokenByte($0) }
        defer { rest = end }
        return end.count < rest.count
    }

    /// Without escapes: no parameter of an audio type needs one.
    private static func dropQuoted(_ rest: inout Substring.UTF8View) -> Bool {
        let quote = UInt8(ascii: "\"")
        guard rest.first == quote else { return false }
        let end = rest.dropFirst().drop { (0x20..<0x7F).contains($0) && $0 != quote && $0 != UInt8(ascii: "\\") }
        guard end.first == quote else { return false }
        rest = end.dropFirst()
        return true
    }

    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}
