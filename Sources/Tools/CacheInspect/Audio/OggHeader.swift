/// Ogg (RFC 3533) with Opus (RFC 7845), Vorbis or FLAC inside: the first page tells the codec, and the last one's
/// granule position how long it plays.
enum OggHeader {
    /// A page is at most 65,307 bytes, so that the end of a file this long holds the beginning of one.
    private static let tailLength: Int64 = 64 * 1_024

    static func read(_ bytes: AudioBytes) throws(AudioBytes.Missing) -> AudioHeader? {
        guard try bytes.has("OggS", at: 0), let serial = try bytes.little(at: 14, count: 4),
            let segments = try bytes.big(at: 26, count: 1)
        else { return nil }
        let packet = 27 + Int64(segments)
        guard let (header, granuleRate, skip) = try Self.codec(bytes, at: packet) else { return nil }
        var result = header
        guard result.duration == nil, let granule = try Self.lastGranule(bytes, serial: serial) else { return result }
        let (samples, overflow) = granule.subtractingReportingOverflow(skip)
        if !overflow { result.setDuration(samples: samples, rate: granuleRate) }
        return result
    }

    /// What the first packet says, how many granules make a second, and how many of them are not played.
    private static func codec(
        _ bytes: AudioBytes,
        at packet: Int64
    ) throws(AudioBytes.Missing) -> (AudioHeader, rate: Int, skip: Int64)? {
        if try bytes.has("OpusHead", at: packet) {
            guard let channels = try bytes.big(at: packet + 9, count: 1), channels > 0,
                let skip = try bytes.little(at: packet + 10, count: 2)
            else { return nil }
            var header = AudioHeader(.ogg, codec: "Opus")
            header.channels = Int(channels)
            header.sampleRate = 48_000
            return (header, 48_000, Int64(skip))
        }
        if try bytes.has("\u{1}vorbis", at: packet) {
            guard let channels = try bytes.big(at: packet + 11, count: 1),
                let rate = try bytes.little(at: packet + 12, count: 4), rate > 0
            else { return nil }
            var header = AudioHeader(.ogg, codec: "Vorbis")
            header.channels = Int(channels)
            header.sampleRate = Int(rate)
            return (header, Int(rate), 0)
        }
        if try bytes.has("\u{7F}FLAC", at: packet) {
            let block = packet + 13
            guard let header = try FLACHeader.streamInfo(bytes, at: block, container: .ogg) else { return nil }
            return (header, header.sampleRate ?? 0, 0)
        }
        return nil
    }

    /// The granule position of the last page of a logical stream on which a packet ends.
    private static func lastGranule(_ bytes: AudioBytes, serial: UInt64) throws(AudioBytes.Missing) -> Int64? {
        let start = max(bytes.size - Self.tailLength, 0)
        guard let tail = try bytes.bytes(at: start, count: Int(bytes.size - start)) else { return nil }
        var index = tail.endIndex - 27
        while index >= tail.startIndex {
            defer { index -= 1 }
            guard tail[index] == UInt8(ascii: "O"), tail[index..<index + 4].elementsEqual("OggS".utf8),
                tail[index + 4] == 0,
                Self.little(tail[index + 14..<index + 18]) == serial
            else { continue }
            let granule = Int64(bitPattern: Self.little(tail[index + 6..<index + 14]))
            // -1: no packet ends on this page.
            if granule >= 0 { return granule }
        }
        return nil
    }

    private static func little(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
}
