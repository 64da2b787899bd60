/// MPEG audio, MP3 above all: the first frame, and the number of frames that most encoders leave in it.
enum MPEGHeader {
    /// How far a first frame is looked for: capturing may have begun in the middle of one.
    private static let searchLength = 16 * 1_024

    static func read(_ bytes: AudioBytes, at start: Int64) throws(AudioBytes.Missing) -> AudioHeader? {
        guard let (offset, frame) = try Self.firstFrame(bytes, from: start) else { return nil }
        var header = AudioHeader(.mpeg, codec: "MP\(frame.layer)")
        header.channels = frame.channels
        header.sampleRate = frame.sampleRate
        if let samples = try Self.declaredSamples(bytes, frame, at: offset) {
            header.setDuration(samples: samples, rate: frame.sampleRate)
        } else {
            // An ID3v1 tag is the last 128 bytes.
            let tag: Int64 = try bytes.has("TAG", at: bytes.size - 128) ? 128 : 0
            header.duration = Double(max(bytes.size - tag - offset, 0)) * 8 / Double(frame.bitRate)
            header.isDurationEstimated = true
        }
        return header
    }

    /// The first header that another one follows at the distance that it says; a lone one only at the very beginning.
    private static func firstFrame(
        _ bytes: AudioBytes,
        from start: Int64
    ) throws(AudioBytes.Missing) -> (Int64, MPEGFrame)? {
        guard start < bytes.size else { return nil }
        let end = min(start + Int64(Self.searchLength), bytes.size - 4)
        var offset = start
        while offset <= end {
            if let frame = try Self.frame(bytes, at: offset) {
                let next = offset + Int64(frame.length)
                if let follower = try Self.frame(bytes, at: next) {
                    if follower.resembles(frame) { return (offset, frame) }
                } else if next == bytes.size, offset == start {
                    return (offset, frame)
                }
            }
            offset += 1
        }
        return nil
    }

    private static func frame(_ bytes: AudioBytes, at offset: Int64) throws(AudioBytes.Missing) -> MPEGFrame? {
        try bytes.big(at: offset, count: 4).flatMap { MPEGFrame(UInt32($0)) }
    }

    /// How many samples the file plays, by the Xing, Info or VBRI header inside its first frame.
    private static func declaredSamples(
        _ bytes: AudioBytes,
        _ frame: MPEGFrame,
        at offset: Int64
    ) throws(AudioBytes.Missing) -> Int64? {
        let xing = offset + Int64(frame.sideInformationEnd)
        if try bytes.has(oneOf: ["Xing", "Info"], at: xing) {
            guard let flags = try bytes.big(at: xing + 4, count: 4), flags & 1 == 1,
                let frames = try bytes.big(at: xing + 8, count: 4)
            else { return nil }
            let samples = Int64(frames) * Int64(frame.samples)
            return samples - (try Self.silence(bytes, at: Self.extensionOffset(xing, flags: flags)) ?? 0)
        }
        // Fraunhofer's always stands at the same place.
        let vbri = offset + 36
        if try bytes.has("VBRI", at: vbri), let frames = try bytes.big(at: vbri + 14, count: 4) {
            return Int64(frames) * Int64(frame.samples)
        }
        return nil
    }

    /// Behind the Xing fields that the flags say are there: frames, bytes, table, quality.
    private static func extensionOffset(_ xing: Int64, flags: UInt64) -> Int64 {
        let lengths: [Int64] = [4, 4, 100, 4]
        return xing + 8 + lengths.enumerated().reduce(0) { $0 + (flags >> UInt64($1.offset) & 1 == 1 ? $1.element : 0) }
    }

    /// The samples that the encoder put before and behind the sound, by LAME's extension, which others write too.
    private static func silence(_ bytes: AudioBytes, at offset: Int64) throws(AudioBytes.Missing) -> Int64? {
        guard try bytes.has(oneOf: ["LAME", "Lavc", "Lavf"], at: offset),
            let packed = try bytes.big(at: offset + 21, count: 3)
        else { return nil }
        return Int64(packed >> 12) + Int64(packed & 0xFFF)
    }
}
