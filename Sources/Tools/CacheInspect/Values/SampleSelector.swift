public import CacheProtocol

/// Chooses streams of a sample one after the other, without knowing them all.
public struct SampleSelector: Sendable {
    private let sample: Sample
    /// Of a million: how many of each stream's parts are collected; a whole million collected is a stream chosen.
    private let rate: Int
    private var collected: Int
    private var bytesLeft: Int64

    /// Begins a sample.
    ///
    /// - Parameters:
    ///   - sample: Which part of the streams.
    ///   - totalBytes: How many bytes all streams have together, for samples of so many bytes.
    ///   - phase: A random number from 0 to 999,999: which of the streams are chosen.
    public init(_ sample: Sample, totalBytes: Int64, phase: Int) {
        self.sample = sample
        self.collected = min(max(phase, 0), 999_999)
        switch sample {
        case .millionths(let parts):
            self.rate = parts
            self.bytesLeft = .max
        case .share:
            self.rate = 0
            self.bytesLeft = .max
        case .bytes(let bytes):
            let share = Double(bytes) / Double(max(totalBytes, 1)) * 1_000_000
            // A little more than the share, and then stop when the bytes are together.
            self.rate = Int(min((share * 1.1).rounded(.up), 1_000_000))
            self.bytesLeft = bytes
        }
    }

    /// Whether a stream belongs to the sample.
    ///
    /// - Parameters:
    ///   - id: The stream.
    ///   - size: Its bytes.
    /// - Returns: `true` for the streams that belong.
    public mutating func chooses(_ id: StreamID, size: Int64) -> Bool {
        if case .share(let number, let total) = self.sample {
            return Self.hash(id) % UInt64(total) == UInt64(number - 1)
        }
        guard self.bytesLeft > 0 else { return false }
        self.collected += self.rate
        guard self.collected >= 1_000_000 else { return false }
        self.collected -= 1_000_000
        if self.bytesLeft != .max { self.bytesLeft -= max(size, 1) }
        return true
    }

    /// FNV-1a of the id, finished so that the low bits depend on all: the same on every machine and in every version.
    static func hash(_ id: StreamID) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in id.rawValue.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        hash = (hash ^ (hash >> 32)) &* 0x9E37_79B9_7F4A_7C15
        return hash >> 16
    }
}
