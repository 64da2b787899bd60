/// What the header of an audio file says.
public struct AudioHeader: Hashable, Sendable {
    /// The kinds of files that are understood.
    public enum Container: String, Hashable, Sendable, CaseIterable {
        /// RIFF/WAVE, and RF64 (EBU Tech 3306).
        case wav = "WAV"
        /// MPEG audio without a container (ISO/IEC 11172-3, 13818-3).
        case mpeg = "MPEG"
        /// Ogg (RFC 3533).
        case ogg = "Ogg"
        /// FLAC (RFC 9639).
        case flac = "FLAC"
    }

    /// The kind of file.
    public var container: Container
    /// How the sound is coded, as people call it: `PCM`, `MP3`, `Opus`, `FLAC`, …
    public var codec: String
    /// How many channels; `nil` where the header doesn't say.
    public var channels: Int?
    /// Samples a second of each channel; `nil` where the header doesn't say. Opus always decodes to 48,000.
    public var sampleRate: Int?
    /// Bits of a sample, for codecs that have such a thing.
    public var bitsPerSample: Int?
    /// How long it plays, in seconds; `nil` where that can't be told, as of a stream without an end.
    public var duration: Double?
    /// Whether the duration was worked out from the first frame's bit rate and the file's size.
    public var isDurationEstimated = false

    init(_ container: Container, codec: String) {
        self.container = container
        self.codec = codec
    }

    /// Sets the duration to a number of samples, where that makes sense.
    mutating func setDuration(samples: Int64, rate: Int?) {
        guard let rate, rate > 0, samples >= 0 else { return }
        self.duration = Double(samples) / Double(rate)
    }
}
