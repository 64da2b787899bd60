#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Audio to try things with: a WAV file (RIFF, PCM, 16 bits, stereo, 48 kHz) of tones that come and go.
public enum SampleAudio {
    /// Samples a second.
    public static let sampleRate = 48_000
    /// Left and right.
    public static let channels = 2
    /// Bytes of one sample of both channels.
    public static let frameLength = 4
    /// Bytes before the first sample.
    public static let headerLength = 44

    /// The tones, in hertz: a C major chord going up, a new one every half second.
    private static let tones = [261.63, 329.63, 392.0, 523.25]

    /// The bytes of a whole file.
    ///
    /// - Parameter seconds: How long it plays, from 1 to 3,600.
    /// - Returns: Header and samples.
    public static func wav(seconds: Int) -> [UInt8] {
        let seconds = min(max(seconds, 1), 3_600)
        let frames = seconds * Self.sampleRate
        let dataLength = frames * Self.frameLength
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.headerLength + dataLength)
        bytes += Array("RIFF".utf8) + Self.word(UInt32(Self.headerLength - 8 + dataLength)) + Array("WAVE".utf8)
        bytes += Array("fmt ".utf8) + Self.word(16)
        bytes += Self.half(1) + Self.half(UInt16(Self.channels))
        bytes += Self.word(UInt32(Self.sampleRate)) + Self.word(UInt32(Self.sampleRate * Self.frameLength))
        bytes += Self.half(UInt16(Self.frameLength)) + Self.half(16)
        bytes += Array("data".utf8) + Self.word(UInt32(dataLength))
        for frame in 0..<frames {
            for channel in 0..<Self.channels { bytes += Self.half(Self.sample(frame, channel: channel)) }
        }
        return bytes
    }

    /// One sample: a tone of half a second that fades in and out, the right channel an octave above the left.
    private static func sample(_ frame: Int, channel: Int) -> UInt16 {
        let length = Self.sampleRate / 2
        let position = frame % length
        let fade = min(Double(min(position, length - position)) / Double(Self.sampleRate / 50), 1)
        let tone = Self.tones[frame / length % Self.tones.count] * Double(channel + 1)
        let phase = 2 * Double.pi * tone * Double(frame) / Double(Self.sampleRate)
        return UInt16(bitPattern: Int16(0.4 * fade * sin(phase) * Double(Int16.max)))
    }

    private static func half(_ value: UInt16) -> [UInt8] { [UInt8(value & 0xFF), UInt8(value >> 8)] }

    private static func word(_ value: UInt32) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
