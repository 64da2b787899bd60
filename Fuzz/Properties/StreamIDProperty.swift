import CacheProtocol

/// What is taken for a stream's name is a plain file name, and a naive reader of the grammar takes the same.
enum StreamIDProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let name = String(decoding: bytes, as: UTF8.self)
        let utf8 = Array(name.utf8)
        let letters = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-".utf8)
        let isRight =
            (1...128).contains(utf8.count) && utf8.allSatisfy(letters.contains) && utf8[0] != UInt8(ascii: ".")
            && !zip(utf8, utf8.dropFirst()).contains { $0 == UInt8(ascii: ".") && $1 == UInt8(ascii: ".") }
        let id = StreamID(validating: name)
        try BrokenProperty.unless(
            (id != nil) == isRight,
            "\(name.debugDescription): \(id == nil ? "refused" : "accepted")"
        )
        if let id { try BrokenProperty.unless(Array(id.rawValue.utf8) == utf8, "it has become \(id)") }
        do throws(CacheError) {
            _ = try StreamID(name)
        } catch {
            // It goes into a log line and into JSON as it is.
            let isPlain = error.message.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 0x20 || $0 == "…" }
            try BrokenProperty.unless(error.code == .badStreamID && isPlain, "refused with \(error)")
        }
    }
}
