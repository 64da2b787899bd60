/// ID3v2 (id3.org, "ID3 tag version 2.4.0", 3.1): what music players put before the sound.
enum ID3Tag {
    /// Where the sound begins: behind all tags, or at 0 where there is none.
    static func end(in bytes: AudioBytes) throws(AudioBytes.Missing) -> Int64 {
        var offset: Int64 = 0
        // More than one has been seen, after careless joining.
        for _ in 0..<4 {
            guard try bytes.has("ID3", at: offset), let flags = try bytes.big(at: offset + 5, count: 1),
                let size = try bytes.big(at: offset + 6, count: 4), size & 0x8080_8080 == 0
            else { return offset }
            // Four times seven bits.
            let length = (size & 0x7F) | (size & 0x7F00) >> 1 | (size & 0x7F_0000) >> 2 | (size & 0x7F00_0000) >> 3
            let footer: Int64 = flags & 0x10 == 0 ? 0 : 10
            offset += 10 + Int64(length) + footer
        }
        return offset
    }
}
