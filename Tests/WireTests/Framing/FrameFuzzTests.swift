import NIOCore
import Testing
import Wire

@Suite("Frames out of nowhere")
struct FrameFuzzTests {
    private static var limits: FrameParser.Limits {
        var limits = FrameParser.Limits()
        limits.frameLength = 300
        limits.binaryMessageLength = 400
        limits.textMessageLength = 250
        limits.textFragments = 4
        return limits
    }

    /// Whole and in pieces, and by the reference: all must say the same. Reading on after a breach must not trap.
    private func check(_ bytes: [UInt8], _ role: FrameParser.Role, _ random: inout SplitMix64, _ seed: UInt64) -> Bool {
        let reference = ReferenceParser.read(bytes, role: role, limits: Self.limits)
        let whole = FrameParser.observe([bytes], role: role, limits: Self.limits)
        var parser = FrameParser(role: role, limits: Self.limits)
        let pieces = random.pieces(of: bytes, meanLength: 12)
        let cut = parser.observe(pieces)
        if whole.violation != nil { _ = parser.observe(pieces) }
        if whole == cut, whole.withoutReason == reference { return true }
        Issue.record("seed \(seed), \(role), \(bytes): whole \(whole); cut \(cut); reference \(reference)")
        return false
    }

    @Test("100,000 random inputs are read as the reference reads them, and none traps")
    func garbage() {
        for seed in 1...100_000 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            var bytes = random.bytes(Int.random(in: 0...64, using: &random))
            // Seven of eight random bytes break the rules at once: most inputs get a beginning that goes further.
            if !bytes.isEmpty, !random.oneIn(4) {
                bytes[0] = random.pick([0x00, 0x01, 0x02, 0x81, 0x82, 0x88, 0x89, 0x8A])
            }
            let role: FrameParser.Role = random.oneIn(2) ? .server : .client
            if bytes.count > 1, !random.oneIn(4) { bytes[1] = bytes[1] & 0x7F | (role == .server ? 0x80 : 0) }
            guard self.check(bytes, role, &random, seed) else { return }
        }
    }

    @Test(
        "legal frames with a few wrong bytes are read as the reference reads them",
        arguments: [FrameParser.Role.server, .client]
    )
    func mutations(role: FrameParser.Role) {
        for seed in 1...1_500 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            var bytes = LegalStream(readBy: role, hasLongFrames: false, using: &random).bytes
            for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
                case 1: bytes[place] = random.pick([0x00, 0x7E, 0x7F, 0x80, 0xFE, 0xFF])
                case 2: bytes.remove(at: place)
                case 3: bytes.insert(contentsOf: random.bytes(3), at: place)
                default: bytes.removeLast(bytes.count - place)
                }
            }
            guard self.check(bytes, role, &random, seed) else { return }
        }
    }
}
