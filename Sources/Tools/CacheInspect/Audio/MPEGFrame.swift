/// The four bytes that every frame of MPEG audio begins with (ISO/IEC 11172-3, 2.4.1.3; 13818-3 for the lower rates;
/// "2.5" is the Fraunhofer institute's extension).
struct MPEGFrame: Hashable {
    enum Version { case one, two, twoAndAHalf }

    var version: Version
    /// 1, 2 or 3.
    var layer: Int
    /// Bits a second.
    var bitRate: Int
    var sampleRate: Int
    var channels: Int
    /// The whole frame, header included.
    var length: Int

    /// Reads a header, or gives `nil` where the four bytes are none.
    init?(_ word: UInt32) {
        guard word >> 21 == 0x7FF else { return nil }
        switch word >> 19 & 3 {
        case 0: self.version = .twoAndAHalf
        case 2: self.version = .two
        case 3: self.version = .one
        default: return nil
        }
        let layerBits = Int(word >> 17 & 3)
        guard layerBits != 0 else { return nil }
        self.layer = 4 - layerBits
        let (rateIndex, sampleIndex) = (Int(word >> 12 & 15), Int(word >> 10 & 3))
        // Index 0 is "free": a rate that the header does not tell.
        guard rateIndex != 0, rateIndex != 15, sampleIndex != 3 else { return nil }
        let column = self.version == .one ? self.layer - 1 : self.layer == 1 ? 3 : 4
        self.bitRate = Self.kilobits[column][rateIndex - 1] * 1_000
        let divisor =
            switch self.version {
            case .one: 1
            case .two: 2
            case .twoAndAHalf: 4
            }
        self.sampleRate = [44_100, 48_000, 32_000][sampleIndex] / divisor
        self.channels = word >> 6 & 3 == 3 ? 1 : 2
        let padding = Int(word >> 9 & 1)
        if self.layer == 1 {
            self.length = (12 * self.bitRate / self.sampleRate + padding) * 4
        } else {
            let samples = self.layer == 3 && self.version != .one ? 576 : 1_152
            self.length = samples / 8 * self.bitRate / self.sampleRate + padding
        }
    }

    /// Samples of each channel in a frame.
    var samples: Int {
        switch self.layer {
        case 1: 384
        case 2: 1_152
        default: self.version == .one ? 1_152 : 576
        }
    }

    /// Where a Xing header stands in a frame: behind the side information.
    var sideInformationEnd: Int {
        switch (self.version, self.channels) {
        case (.one, 1): 4 + 17
        case (.one, _): 4 + 32
        case (_, 1): 4 + 9
        case (_, _): 4 + 17
        }
    }

    /// Whether another frame can be of the same stream.
    func resembles(_ other: MPEGFrame) -> Bool {
        self.version == other.version && self.layer == other.layer && self.sampleRate == other.sampleRate
    }

    private static let kilobits = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ]
}
