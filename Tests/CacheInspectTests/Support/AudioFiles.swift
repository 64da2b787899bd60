/// Audio files made byte by byte.
enum AudioFiles {
    static func little(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
    }

    static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let padding: [UInt8] = content.count % 2 == 0 ? [] : [0]
        return Array(name.utf8) + Self.little(UInt64(content.count), 4) + content + padding
    }

    private static var format: [UInt8] {
        let fields = Self.little(1, 2) + Self.little(2, 2) + Self.little(8_000, 4) + Self.little(32_000, 4)
        return Self.chunk("fmt ", fields + Self.little(4, 2) + Self.little(16, 2))
    }

    /// PCM, 16 bits, stereo, 8 kHz.
    static func wav(seconds: Int, extra: [UInt8] = [], declaring size: UInt32? = nil) -> [UInt8] {
        let length = seconds * 32_000
        let sound = [UInt8](repeating: 0, count: length)
        let data = Array("data".utf8) + Self.little(UInt64(size ?? UInt32(length)), 4) + sound
        let body = Array("WAVE".utf8) + Self.format + extra + data
        return Array("RIFF".utf8) + Self.little(UInt64(body.count), 4) + body
    }

    static func rf64(seconds: Int) -> [UInt8] {
        let length = seconds * 32_000
        let sizes = Self.little(0, 8) + Self.little(UInt64(length), 8) + Self.little(0, 8) + Self.little(0, 4)
        let data = Array("data".utf8) + Self.little(0xFFFF_FFFF, 4) + [UInt8](repeating: 0, count: length + 10)
        return Array("RF64".utf8) + Self.little(0xFFFF_FFFF, 4) + Array("WAVE".utf8) + Self.chunk("ds64", sizes)
            + Self.format + data
    }

    /// The beginning of a FLAC file, which is all that is looked at.
    static func flac(rate: UInt64, channels: UInt64, bits: UInt64, samples: UInt64) -> [UInt8] {
        let packed = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | samples
        let sizes: [UInt8] = [0x10, 0, 0x10, 0, 0, 0, 0, 0, 0, 0]
        let block = sizes + Self.little(packed, 8).reversed() + [UInt8](repeating: 0, count: 16)
        return Array("fLaC".utf8) + [0x80, 0, 0, 34] + block
    }

    /// A tag of so many bytes besides its header.
    static func id3(length: Int) -> [UInt8] {
        let size = [21, 14, 7, 0].map { UInt8(length >> $0 & 0x7F) }
        return Array("ID3".utf8) + [4, 0, 0] + size + [UInt8](repeating: 0, count: length)
    }
}
