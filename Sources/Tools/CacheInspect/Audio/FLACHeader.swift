/// FLAC (RFC 9639, 8.2: the block STREAMINFO, which is always the first).
enum FLACHeader {
    static func read(_ bytes: AudioBytes, at start: Int64) throws(AudioBytes.Missing) -> AudioHeader? {
        guard try bytes.has("fLaC", at: start) else { return nil }
        return try Self.streamInfo(bytes, at: start + 4, container: .flac)
    }

    /// Reads the block that begins at an offset with its four bytes of type and length.
    static func streamInfo(
        _ bytes: AudioBytes,
        at offset: Int64,
        container: AudioHeader.Container
    ) throws(AudioBytes.Missing) -> AudioHeader? {
        guard let block = try bytes.big(at: offset, count: 4), block >> 24 & 0x7F == 0, block & 0xFF_FFFF >= 34,
            let packed = try bytes.big(at: offset + 4 + 10, count: 8)
        else { return nil }
        // 20 bits of rate, 3 of channels less one, 5 of bits a sample less one, 36 of samples, 0 for unknown.
        var header = AudioHeader(container, codec: "FLAC")
        let rate = Int(packed >> 44)
        guard rate > 0 else { return nil }
        header.sampleRate = rate
        header.channels = Int(packed >> 41 & 0x7) + 1
        header.bitsPerSample = Int(packed >> 36 & 0x1F) + 1
        let samples = Int64(packed & 0xF_FFFF_FFFF)
        if samples > 0 { header.setDuration(samples: samples, rate: rate) }
        return header
    }
}
