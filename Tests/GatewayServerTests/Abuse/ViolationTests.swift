import NIOCore
import Testing
import Wire

@testable import GatewayServer

@Suite("Peers that break the framing", .timeLimit(.minutes(5)))
struct ViolationTests {
    struct Violation: Sendable, CustomTestStringConvertible {
        var name: String
        var code: UInt16
        var bytes: [UInt8]
        var testDescription: String { self.name }

        init(_ name: String, _ code: UInt16, _ bytes: [UInt8]) {
            self.name = name
            self.code = code
            self.bytes = bytes
        }

        init(_ name: String, _ code: UInt16, _ opcode: Opcode, _ payload: [UInt8], isFinal: Bool = true) {
            var buffer = ByteBuffer()
            buffer.write(opcode, payload, isFinal: isFinal)
            self.init(name, code, Array(buffer.readableBytesView))
        }
    }

    static let violations = [
        Violation("a frame without mask", 1_002, [0x82, 0x01, 0x00]),
        Violation("text without mask", 1_002, [0x81, 0x02, 0x7B, 0x7D]),
        Violation("the first reserved bit", 1_002, [0xC1, 0x80, 0, 0, 0, 0]),
        Violation("the second reserved bit", 1_002, [0xA2, 0x80, 0, 0, 0, 0]),
        Violation("the third reserved bit", 1_002, [0x92, 0x80, 0, 0, 0, 0]),
        Violation("a reserved opcode", 1_002, [0x83, 0x80, 0, 0, 0, 0]),
        Violation("a reserved control opcode", 1_002, [0x8B, 0x80, 0, 0, 0, 0]),
        Violation("a ping of 126 bytes", 1_002, .ping, sample(126)),
        Violation("a Close of 126 bytes", 1_002, [0x88, 0xFE, 0, 126]),
        Violation("a ping in fragments", 1_002, .ping, [1], isFinal: false),
        Violation("a Close in fragments", 1_002, .close, [], isFinal: false),
        Violation("more of nothing", 1_002, .continuation, [1]),
        Violation("a message inside a message", 1_002, [0x02, 0x80, 0, 0, 0, 0, 0x82, 0x80, 0, 0, 0, 0]),
        Violation("a length of 2^63", 1_002, [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Violation("a length of 2^64-1", 1_002, [0x82] + [UInt8](repeating: 0xFF, count: 13)),
        Violation("a length of 2^62", 1_009, [0x82, 0xFF, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
        Violation("a byte more than 16 MiB", 1_009, [0x82, 0xFF, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0]),
        Violation("125 in three bytes", 1_002, [0x82, 0xFE, 0, 125, 0, 0, 0, 0]),
        Violation("65,535 in nine bytes", 1_002, [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0]),
        Violation("a text of more than 64 KiB", 1_009, [0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0]),
        Violation("a text of 100 MB", 1_009, [0x81, 0xFF, 0, 0, 0, 0, 5, 0xF5, 0xE1, 0, 0, 0, 0, 0]),
        Violation("text that is not UTF-8", 1_007, .text, [0x7B, 0xFF]),
        Violation("a surrogate in text", 1_007, .text, [0xED, 0xA0, 0x80]),
        Violation("text that ends inside a character", 1_007, .text, [0xE2, 0x82]),
        Violation("a Close with half a code", 1_002, .close, [3]),
        Violation("a Close with 999", 1_002, .close, [3, 0xE7]),
        Violation("a Close with 1004", 1_002, .close, [3, 0xEC]),
        Violation("a Close with 1005", 1_002, .close, [3, 0xED]),
        Violation("a Close with 1006", 1_002, .close, [3, 0xEE]),
        Violation("a Close with 1015", 1_002, .close, [3, 0xF7]),
        Violation("a Close with 1016", 1_002, .close, [3, 0xF8]),
        Violation("a Close with 2999", 1_002, .close, [0x0B, 0xB7]),
        Violation("a Close with 5000", 1_002, .close, [0x13, 0x88]),
        Violation("a Close whose reason is not UTF-8", 1_007, .close, [3, 0xE8, 0xFF]),
        Violation("plain HTTP", 1_002, Array("GET / HTTP/1.1\r\n\r\n".utf8)),
    ]

    @Test("each breach ends its connection with the code of RFC 6455; its upload is kept, and no bystander is hurt")
    func breaches() async throws {
        try await TestGateway.run { gateway in
            var bystander = try await Bystander(of: gateway)
            for (number, violation) in Self.violations.enumerated() {
                let peer = try await gateway.peer()
                try await peer.start("broken-\(number)")
                peer.upload([1, 2, 3])
                try await peer.settle()
                peer.send(violation.bytes)
                do {
                    let reason = try await peer.expectClose(violation.code)
                    #expect(reason.utf8.allSatisfy { (0x20...0x7E).contains($0) }, "\(violation.name): \(reason)")
                    try await peer.expectEnd()
                } catch {
                    Issue.record(error, "\(violation.name)")
                }
                await peer.drop()
                try await bystander.goOn()
                let reader = try await gateway.peer()
                while try await reader.info("broken-\(number)").state == "live" {}
                #expect(try await reader.info("broken-\(number)").size == 3)
                await reader.drop()
            }
            try await bystander.finish()
        }
    }

    @Test("a breach in the first bytes after the handshake ends only its connection")
    func garbage() async throws {
        try await TestGateway.run { gateway in
            var bystander = try await Bystander(of: gateway)
            for seed in 0..<30 {
                let peer = try await gateway.peer()
                // A frame without mask, whatever the rest says.
                peer.send([0x82, 0x7F] + sample(5_000, seed: UInt64(seed)))
                try await peer.expectClose(1_002)
                await peer.drop()
                try await bystander.goOn()
            }
            try await bystander.finish()
        }
    }

    @Test("a text in more fragments than a text needs is a flood")
    func fragments() async throws {
        try await TestGateway.run { gateway in
            var bystander = try await Bystander(of: gateway)
            let peer = try await gateway.peer()
            peer.sendFrame(.text, [0x7B], isFinal: false)
            var many = ByteBuffer()
            for _ in 0..<5_000 { many.write(.continuation, [0x20], isFinal: false) }
            peer.send(many)
            try await peer.expectClose(1_008)
            try await bystander.goOn()
            try await bystander.finish()
        }
    }

    @Test("a message of fragments may not be longer than one frame may, text or bytes")
    func endlessMessages() async throws {
        try await TestGateway.run {
            $0.gateway.maximumBinaryLength = 100_000
        } _: { gateway in
            let text = try await gateway.peer()
            text.sendFrame(.text, [UInt8](repeating: 0x20, count: 40_000), isFinal: false)
            text.sendFrame(.continuation, [UInt8](repeating: 0x20, count: 40_000), isFinal: false)
            try await text.expectClose(1_009)
            let bytes = try await gateway.peer()
            try await bytes.start("endless")
            bytes.sendFrame(.binary, sample(60_000), isFinal: false)
            bytes.sendFrame(.continuation, sample(60_000), isFinal: false)
            try await bytes.expectClose(1_009)
        }
    }

    @Test("a hundred pings are answered, a flood of them is not")
    func pings() async throws {
        try await TestGateway.run { gateway in
            var bystander = try await Bystander(of: gateway)
            let peer = try await gateway.peer()
            var many = ByteBuffer()
            for number in 0..<2_000 { many.write(.ping, [UInt8(number & 0xFF)]) }
            peer.send(many)
            var pongs = 0
            while true {
                let frame = try await peer.frame()
                guard frame.opcode == .pong else {
                    var payload = frame.payload
                    #expect(frame.opcode == .close && payload.readInteger(as: UInt16.self) == 1_008)
                    break
                }
                pongs += 1
            }
            #expect(pongs == 100)
            try await bystander.goOn()
            try await bystander.finish()
        }
    }
}
