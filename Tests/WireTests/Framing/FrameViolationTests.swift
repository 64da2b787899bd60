import NIOCore
import Testing
import Wire

@Suite("Breaches of RFC 6455")
struct FrameViolationTests {
    /// Bytes of which the last one shows the breach, and not one before it.
    struct Breach: Sendable, CustomTestStringConvertible {
        var name: String
        var role = FrameParser.Role.server
        var code: UInt16
        var bytes: [UInt8]
        var limits = FrameParser.Limits()

        var testDescription: String { self.name }
    }

    private static let key: [UInt8] = [0, 0, 0, 0]

    private static var headers: [Breach] {
        var breaches = [
            Breach(name: "an unmasked frame of a client", code: 1002, bytes: [0x82, 0x05]),
            Breach(name: "an unmasked empty frame of a client", code: 1002, bytes: [0x82, 0x00]),
            Breach(name: "an unmasked ping of a client", code: 1002, bytes: [0x89, 0x00]),
            Breach(name: "a masked frame of a server", role: .client, code: 1002, bytes: [0x82, 0x85]),
            Breach(name: "a masked Close of a server", role: .client, code: 1002, bytes: [0x88, 0x80]),
            Breach(name: "RSV1, as for compression", code: 1002, bytes: [0xC1]),
            Breach(name: "RSV2", code: 1002, bytes: [0xA2]),
            Breach(name: "RSV3", code: 1002, bytes: [0x92]),
            Breach(name: "RSV1 to 3 on a control frame", role: .client, code: 1002, bytes: [0xF9]),
            Breach(name: "RSV1 on a continuation", code: 1002, bytes: [0x02, 0x80] + Self.key + [0xC0]),
            Breach(name: "a fragmented Close", code: 1002, bytes: [0x08]),
            Breach(name: "a fragmented ping", code: 1002, bytes: [0x09]),
            Breach(name: "a fragmented pong", role: .client, code: 1002, bytes: [0x0A]),
            Breach(name: "a ping of 126 bytes", code: 1002, bytes: [0x89, 0xFE]),
            Breach(name: "a pong of 2^16 bytes", role: .client, code: 1002, bytes: [0x8A, 0x7F]),
            Breach(name: "a Close of 126 bytes", code: 1002, bytes: [0x88, 0xFE]),
            Breach(name: "a continuation of nothing", code: 1002, bytes: [0x80]),
            Breach(name: "a first fragment that is a continuation", code: 1002, bytes: [0x00]),
            Breach(
                name: "a continuation after a finished message",
                code: 1002,
                bytes: [0x82, 0x81] + Self.key + [0x07, 0x80]
            ),
            Breach(name: "text inside a binary message", code: 1002, bytes: [0x02, 0x80] + Self.key + [0x81]),
            Breach(name: "binary inside a text message", code: 1002, bytes: [0x01, 0x80] + Self.key + [0x82]),
            Breach(name: "a length with the top bit", code: 1002, bytes: [0x82, 0xFF, 0x80]),
            Breach(name: "a length of all ones (CVE-2026-43678)", code: 1002, bytes: [0x82, 0xFF, 0xFF]),
            Breach(name: "125 written in 16 bits", code: 1002, bytes: [0x82, 0xFE, 0x00, 0x7D]),
            Breach(name: "0 written in 16 bits", role: .client, code: 1002, bytes: [0x81, 0x7E, 0x00, 0x00]),
            Breach(name: "65,535 written in 64 bits", code: 1002, bytes: [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]),
            Breach(name: "0 written in 64 bits", role: .client, code: 1002, bytes: [0x82, 0x7F] + Self.key + Self.key),
        ]
        for opcode in Array(3...7) + Array(11...15) as [UInt8] {
            breaches.append(Breach(name: "the reserved opcode \(opcode)", code: 1002, bytes: [0x80 | opcode]))
        }
        return breaches
    }

    private static var limits: [Breach] {
        let million16: [UInt8] = [0, 0, 0, 0, 1, 0, 0]
        var small = FrameParser.Limits()
        small.frameLength = 8
        small.binaryMessageLength = 10
        small.textMessageLength = 5
        small.textFragments = 3
        var unbounded = FrameParser.Limits()
        unbounded.frameLength = .max
        unbounded.binaryMessageLength = .max
        let huge: [UInt8] = [0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        return [
            Breach(name: "a frame of 16 MiB + 1", code: 1009, bytes: [0x82, 0xFF] + million16 + [1] + Self.key),
            Breach(
                name: "a frame of 16 MiB + 1 of a server",
                role: .client,
                code: 1009,
                bytes: [0x82, 0x7F] + million16 + [1]
            ),
            Breach(name: "a frame of 2^63 - 1", code: 1009, bytes: [0x82, 0xFF] + huge + Self.key),
            Breach(name: "a text frame of 2^63 - 1", code: 1009, bytes: [0x81, 0xFF] + huge + Self.key),
            Breach(
                name: "a text frame of 64 KiB + 1",
                role: .client,
                code: 1009,
                bytes: [0x81, 0x7F, 0, 0, 0, 0, 0, 1, 0, 1]
            ),
            Breach(name: "a frame one too long", role: .client, code: 1009, bytes: [0x82, 0x09], limits: small),
            Breach(
                name: "a binary message one too long over its fragments",
                role: .client,
                code: 1009,
                bytes: [0x02, 0x04, 1, 2, 3, 4, 0x89, 0x00, 0x00, 0x04, 5, 6, 7, 8, 0x80, 0x03],
                limits: small
            ),
            Breach(
                name: "a text message one too long over its fragments",
                role: .client,
                code: 1009,
                bytes: [0x01, 0x03, 0x61, 0x62, 0x63, 0x80, 0x03],
                limits: small
            ),
            Breach(
                name: "a text message of too many fragments, empty ones counted",
                role: .client,
                code: 1008,
                bytes: [0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00],
                limits: small
            ),
            Breach(
                name: "a text message in 1,025 frames",
                role: .client,
                code: 1008,
                bytes: [0x01, 0x01, 0x61] + (1..<1_024).flatMap { _ in [0x00, 0x01, 0x61] as [UInt8] } + [0x80, 0x00]
            ),
            Breach(
                name: "a sum of lengths beyond 2^63 where nothing is bounded",
                role: .client,
                code: 1009,
                bytes: [0x02, 0x01, 0xAA, 0x80, 0x7F] + huge,
                limits: unbounded
            ),
            Breach(
                name: "a text of 2^63 - 1 more bytes where frames are not bounded",
                role: .client,
                code: 1009,
                bytes: [0x01, 0x01, 0x61, 0x80, 0x7F] + huge,
                limits: unbounded
            ),
        ]
    }

    private static var texts: [Breach] {
        [
            Breach(
                name: "a wrong first byte of a long text",
                role: .client,
                code: 1007,
                bytes: [0x81, 0x7E, 0x03, 0xE8, 0xFF]
            ),
            Breach(
                name: "a wrong byte after some text",
                role: .client,
                code: 1007,
                bytes: [0x81, 0x08, 0x61, 0xC3, 0xA9, 0x80]
            ),
            Breach(name: "a masked wrong byte", code: 1007, bytes: [0x81, 0x85, 1, 2, 3, 4, 0x61 ^ 1, 0xC0 ^ 2]),
            Breach(name: "a surrogate", role: .client, code: 1007, bytes: [0x81, 0x03, 0xED, 0xA0]),
            Breach(name: "more than U+10FFFF", role: .client, code: 1007, bytes: [0x81, 0x04, 0xF4, 0x90]),
            Breach(name: "a text that ends in half a character", role: .client, code: 1007, bytes: [0x81, 0x01, 0xC3]),
            Breach(
                name: "a wrong byte in the second fragment",
                role: .client,
                code: 1007,
                bytes: [0x01, 0x01, 0xE0, 0x89, 0x00, 0x80, 0x01, 0x80]
            ),
            Breach(
                name: "an empty last fragment after half a character",
                role: .client,
                code: 1007,
                bytes: [0x01, 0x02, 0xE2, 0x82, 0x80, 0x00]
            ),
        ]
    }

    private static var closes: [Breach] {
        var breaches = [
            Breach(name: "a Close with half a code", role: .client, code: 1002, bytes: [0x88, 0x01, 0x03]),
            Breach(
                name: "a Close whose reason is not UTF-8",
                role: .client,
                code: 1007,
                bytes: [0x88, 0x04, 0x03, 0xE8, 0x61, 0xFF]
            ),
            Breach(
                name: "a Close whose reason ends in half a character",
                role: .client,
                code: 1007,
                bytes: [0x88, 0x03, 0x03, 0xE8, 0xC3]
            ),
        ]
        for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] as [UInt16] {
            let bytes = [0x88, 0x02, UInt8(code >> 8), UInt8(code & 0xFF)]
            breaches.append(Breach(name: "a Close with the code \(code)", role: .client, code: 1002, bytes: bytes))
        }
        return breaches
    }

    @Test(
        "each breach has its close code and is found with the byte that shows it",
        arguments: headers + limits + texts + closes
    )
    func breach(_ breach: Breach) {
        let before = FrameParser.observe([Array(breach.bytes.dropLast())], role: breach.role, limits: breach.limits)
        #expect(before.violation == nil, "too early: \(before)")
        for pieces in [[breach.bytes], breach.bytes.map { [$0] }] {
            let seen = FrameParser.observe(pieces, role: breach.role, limits: breach.limits)
            #expect(seen.violation == breach.code, "\(seen)")
            #expect(seen.reason?.utf8.allSatisfy { (0x20...0x7E).contains($0) } == true)
            #expect((seen.reason?.utf8.count ?? 0) <= 123, "the reason has to fit into a Close frame")
        }
        let reference = ReferenceParser.read(breach.bytes, role: breach.role, limits: breach.limits)
        #expect(reference.violation == breach.code, "the reference parser reads RFC 6455 in another way")
    }

    @Test("what is just within the limits is taken")
    func withinLimits() {
        var limits = FrameParser.Limits()
        limits.frameLength = 8
        limits.binaryMessageLength = 10
        limits.textMessageLength = 5
        limits.textFragments = 3
        let bytes: [UInt8] =
            [0x02, 0x08, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x02, 9, 10]
            + [0x01, 0x03, 0x61, 0x62, 0x63, 0x00, 0x00, 0x80, 0x02, 0x64, 0x65]
            + [0x81, 0x05, 0x61, 0x62, 0x63, 0x64, 0x65]
        let seen = FrameParser.observe([bytes], role: .client, limits: limits)
        #expect(seen.violation == nil)
        #expect(
            seen.events == [
                .binary(Array(1...10), endsMessage: true), .text(Array("abcde".utf8)), .text(Array("abcde".utf8)),
            ]
        )
    }

    @Test(
        "every code that may be in a Close frame is taken",
        arguments: [1000, 1001, 1002, 1003, 1007, 1014, 3000, 4999]
    )
    func closeCodes(code: UInt16) {
        let seen = FrameParser.observe([[0x88, 0x02, UInt8(code >> 8), UInt8(code & 0xFF)]], role: .client)
        #expect(seen.events == [.close(code, "")])
    }

    @Test("an all-zero mask is a mask")
    func zeroMask() {
        let seen = FrameParser.observe([[0x82, 0x82, 0, 0, 0, 0, 0xAA, 0xBB]], role: .server)
        #expect(seen.events == [.binary([0xAA, 0xBB], endsMessage: true)])
    }
}
