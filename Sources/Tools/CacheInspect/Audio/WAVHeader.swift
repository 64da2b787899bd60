/// RIFF/WAVE (Microsoft's and IBM's "Multimedia Programming Interface", 1991) and RF64 (EBU Tech 3306).
enum WAVHeader {
    /// A file may have many small chunks before its sound; more than this is no file that plays.
    private static let maximumChunks = 256

    static func read(_ bytes: AudioBytes) throws(AudioBytes.Missing) -> AudioHeader? {
        let isRF64 = try bytes.has(oneOf: ["RF64", "BW64"], at: 0)
        let isRIFF = try bytes.has("RIFF", at: 0)
        guard isRF64 || isRIFF, try bytes.has("WAVE", at: 8) else { return nil }
        var format: Format?
        var longDataSize: Int64?
        var offset: Int64 = 12
        for _ in 0..<Self.maximumChunks {
            guard let size = try bytes.little(at: offset + 4, count: 4).map({ Int64($0) }) else { break }
            let content = offset + 8
            if try bytes.has("fmt ", at: offset) {
                format = try Format(bytes, at: content, size: size)
            } else if try bytes.has("ds64", at: offset) {
                longDataSize = try bytes.little(at: content + 8, count: 8).flatMap { Int64(exactly: $0) }
            } else if try bytes.has("data", at: offset) {
                guard let format else { return nil }
                let present = bytes.size - content
                // A writer that could not seek back leaves 0 or all ones: the sound then goes to the end.
                let isOpen = size == 0 || size >= 0xFFFF_FFF0
                let declared = isRF64 && size == 0xFFFF_FFFF ? longDataSize ?? present : isOpen ? present : size
                return format.header(dataSize: min(max(declared, 0), present))
            }
            // Chunks begin at even offsets. The sum can't overflow: both are far below 2^62.
            offset = content + size + size % 2
        }
        return format?.header(dataSize: nil)
    }

    /// The chunk `fmt `.
    private struct Format {
        var tag: UInt64
        var channels: Int
        var rate: Int
        var byteRate: Int64
        var blockLength: Int64
        var bits: Int

        init?(_ bytes: AudioBytes, at offset: Int64, size: Int64) throws(AudioBytes.Missing) {
            guard size >= 16, let tag = try bytes.little(at: offset, count: 2),
                let channels = try bytes.little(at: offset + 2, count: 2),
                let rate = try bytes.little(at: offset + 4, count: 4),
                let byteRate = try bytes.little(at: offset + 8, count: 4),
                let blockLength = try bytes.little(at: offset + 12, count: 2),
                let bits = try bytes.little(at: offset + 14, count: 2)
            else { return nil }
            self.tag = tag
            self.channels = Int(channels)
            self.rate = Int(rate)
            self.byteRate = Int64(byteRate)
            self.blockLength = Int64(blockLength)
            self.bits = Int(bits)
            // WAVE_FORMAT_EXTENSIBLE: the tag proper begins the GUID of the sub-format.
            if tag == 0xFFFE, size >= 40, let inner = try bytes.little(at: offset + 24, count: 2) { self.tag = inner }
        }

        func header(dataSize: Int64?) -> AudioHeader {
            var header = AudioHeader(.wav, codec: self.codec)
            header.channels = self.channels
            header.sampleRate = self.rate
            header.bitsPerSample = self.bits == 0 ? nil : self.bits
            guard let dataSize else { return header }
            let isPlain = [1, 3, 6, 7].contains(self.tag)
            if isPlain, self.blockLength > 0 {
                header.setDuration(samples: dataSize / self.blockLength, rate: self.rate)
            } else if self.byteRate > 0 {
                header.duration = Double(dataSize) / Double(self.byteRate)
                header.isDurationEstimated = true
            }
            return header
        }

        private var codec: String {
            switch self.tag {
            case 1: "PCM"
            case 2: "Microsoft ADPCM"
            case 3: "PCM float"
            case 6: "A-law"
            case 7: "µ-law"
            case 0x11: "IMA ADPCM"
            case 0x31: "GSM 6.10"
            case 0x50: "MP2"
            case 0x55: "MP3"
            default: "WAVE format 0x" + String(self.tag, radix: 16)
            }
        }
    }
}
