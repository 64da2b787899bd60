import NIOCore
import Testing
import Wire

@Suite("Frames, however the bytes are cut")
struct FrameSplittingTests {
    private static let roles: [FrameParser.Role] = [.server, .client]

    @Test("what is written is what is read, and any cuts give the same events", arguments: Self.roles)
    func anyCuts(role: FrameParser.Role) {
        for seed in 1...500 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let stream = LegalStream(readBy: role, hasLongFrames: false, using: &random)
            var cuts = [[stream.bytes]]
            for length in [1, 7, 90] { cuts.append(random.pieces(of: stream.bytes, meanLength: length)) }
            for pieces in cuts {
                let seen = FrameParser.observe(pieces, role: role)
                guard seen == stream.expected else {
                    Issue.record("seed \(seed), \(pieces.map(\.count)): \(seen) instead of \(stream.expected)")
                    return
                }
            }
            let reference = ReferenceParser.read(stream.bytes, role: role, limits: .init())
            #expect(reference == stream.expected, "seed \(seed): the reference parser itself is wrong")
        }
    }

    @Test("frames of 64 KiB and more are read whole, whatever the cuts", arguments: Self.roles)
    func longFrames(role: FrameParser.Role) {
        for seed in 1...15 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let stream = LegalStream(readBy: role, hasLongFrames: true, using: &random)
            for pieces in [[stream.bytes], random.pieces(of: stream.bytes, meanLength: 4_000)] {
                #expect(FrameParser.observe(pieces, role: role) == stream.expected, "seed \(seed)")
            }
        }
    }

    @Test("one cut at each place, and a cut at every place, give the same events", arguments: Self.roles)
    func everyPlace(role: FrameParser.Role) {
        var random = SplitMix64(seed: 6455)
        for _ in 0..<12 {
            let stream = LegalStream(readBy: role, hasLongFrames: false, using: &random)
            #expect(FrameParser.observe(stream.bytes.map { [$0] }, role: role) == stream.expected)
            for place in 0...stream.bytes.count {
                let pieces = [Array(stream.bytes[..<place]), Array(stream.bytes[place...])]
                let seen = FrameParser.observe(pieces, role: role)
                guard seen == stream.expected else {
                    Issue.record("cut at \(place): \(seen) instead of \(stream.expected)")
                    return
                }
            }
        }
    }

    @Test("the parser knows whether it stands between two frames")
    func boundaries() throws {
        var parser = FrameParser(role: .client)
        #expect(parser.isAtFrameBoundary)
        for (byte, isBoundary) in [
            (0x82, false), (0x02, false), (0xAA, false), (0xBB, true), (0x89, false), (0x00, true),
        ] {
            var buffer = ByteBuffer(bytes: [UInt8(byte)])
            while try parser.next(&buffer) != nil {}
            #expect(parser.isAtFrameBoundary == isBoundary, "after \(byte)")
        }
    }

    @Test("after a Close nothing more is read")
    func afterClose() throws {
        var parser = FrameParser(role: .client)
        var buffer = ByteBuffer(bytes: [0x88, 0x00, 0x82, 0x01, 0xAA, 0xFF])
        guard case .close(nil, reason: "")? = try parser.next(&buffer) else {
            Issue.record("no Close")
            return
        }
        #expect(try parser.next(&buffer) == nil)
        #expect(buffer.readableBytes == 4)
    }
}
