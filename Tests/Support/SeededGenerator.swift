/// Random numbers that a seed determines: the same seed gives the same numbers, on every platform.
///
/// The generator is Sebastiano Vigna's SplitMix64.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// What the numbers depend on; print it where a test fails.
    public let seed: UInt64
    private var state: UInt64

    /// Starts the numbers of a seed.
    ///
    /// - Parameter seed: What they depend on; another one each time by default.
    public init(seed: UInt64 = .random(in: 0...UInt64.max)) {
        self.seed = seed
        self.state = seed
    }

    /// The next number.
    public mutating func next() -> UInt64 {
        self.state &+= 0x9E37_79B9_7F4A_7C15
        var value = self.state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// So many random bytes.
    ///
    /// - Parameter count: How many, 0 or more.
    /// - Returns: The bytes.
    public mutating func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count + 8)
        while bytes.count < count { withUnsafeBytes(of: self.next()) { bytes.append(contentsOf: $0) } }
        bytes.removeLast(bytes.count - count)
        return bytes
    }
}
