import CacheProtocol

/// The name of one state of a stream, or of a file that is served (RFC 9110, 8.8.3).
struct EntityTag: Hashable {
    /// What is between the quotes.
    var opaque: String
    /// Whether two states of the same name may differ in bytes.
    var isWeak = false

    /// The tag of a sealed stream; `nil` for one that may still change.
    ///
    /// It is the digest where there is one. Otherwise times and length stand for it: a stream that takes another's name
    /// was begun later.
    init?(_ info: StreamInfo) {
        guard info.state == .sealed else { return nil }
        if let digest = info.sha256 {
            self.opaque = digest.description
        } else {
            let times = [info.createdAt, info.sealedAt ?? info.createdAt].map {
                String($0.millisecondsSinceEpoch, radix: 36)
            }
            self.opaque = (times + [String(info.size, radix: 36)]).joined(separator: "-")
        }
    }

    /// A tag of characters that one may have (RFC 9110, 8.8.3): no quote, no space and no control character.
    init(opaque: String, isWeak: Bool = false) {
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// The header's value.
    var fieldValue: String { (self.isWeak ? "W/" : "") + "\"\(self.opaque)\"" }

    /// Whether both are strong and the same (RFC 9110, 8.8.3.2).
    func stronglyMatches(_ other: EntityTag) -> Bool { !self.isWeak && !other.isWeak && self.weaklyMatches(other) }

    /// Whether both are the same but for their strength.
    func weaklyMatches(_ other: EntityTag) -> Bool { self.opaque.utf8.elementsEqual(other.opaque.utf8) }

    /// The tags of `If-Match` or `If-None-Match`.
    enum List: Hashable {
        /// `*`
        case any
        case tags([EntityTag])

        /// Reads the header's value; what is no tag is taken for the end of the list.
        init(_ value: String) {
            if value.utf8.elementsEqual("*".utf8) {
                self = .any
                return
            }
            var tags: [EntityTag] = []
            var rest = value.utf8[...]
            while true {
                rest = rest.drop { [UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: ",")].contains($0) }
                guard let tag = EntityTag.take(from: &rest) else { break }
                tags.append(tag)
            }
            self = .tags(tags)
        }
    }

    /// Reads one tag, and nothing after it.
    init?(_ value: String) {
        var rest = value.utf8[...]
        guard let tag = Self.take(from: &rest), rest.isEmpty else { return nil }
        self = tag
    }

    private static func take(from rest: inout Substring.UTF8View) -> EntityTag? {
        let quote = UInt8(ascii: "\"")
        var text = rest
        let isWeak = text.starts(with: "W/".utf8)
        if isWeak { text = text.dropFirst(2) }
        guard text.first == quote else { return nil }
        text = text.dropFirst()
        guard let end = text.firstIndex(of: quote) else { return nil }
        let opaque = text[..<end]
        // %x21 / %x23-7E / obs-text
        guard opaque.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        rest = text[text.index(after: end)...]
        return EntityTag(opaque: String(Substring(opaque)), isWeak: isWeak)
    }
}
