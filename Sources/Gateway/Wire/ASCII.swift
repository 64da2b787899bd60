extension StringProtocol {
    /// The text with `a` to `z` in upper case and nothing else changed: `uppercased()` would also make an S of ſ and an
    /// I of ı.
    func asciiUppercased() -> String {
        String(
            decoding: self.utf8.map { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte & ~0x20 : byte
            },
            as: UTF8.self
        )
    }
}
