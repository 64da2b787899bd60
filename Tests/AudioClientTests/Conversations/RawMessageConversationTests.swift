import NIOCore
import Synchronization
import Testing
import Wire

@testable import AudioClient

@Suite("Messages without meaning")
struct RawMessageConversationTests {
    @Test("frames that come with the 101, however long, count as frames and not as its head")
    func firstFrames() async throws {
        let payload = [UInt8](repeating: 0x5A, count: 65_535)
        try await ScriptedServer.run { peer in
            var frames = ByteBuffer()
            frames.writeFrame(.binary, payload: ByteBuffer(bytes: payload))
            try await peer.shakeHands(with: frames)
            #expect(try await peer.next() == .bytes(payload))
            try await peer.sayClose(.normal)
            #expect(try await peer.next() == .close(.normal))
        } body: { url in
            try await url.client().exchangeMessages(limits: FrameParser.Limits()) { $0 }
        }
    }

    @Test("an answer keeps its place among the pongs")
    func order() async throws {
        try await ScriptedServer.run { peer in
            var frames = ByteBuffer()
            frames.writeFrame(.ping, payload: ByteBuffer(bytes: [1]))
            frames.writeFrame(.binary, payload: ByteBuffer(bytes: [2]))
            frames.writeFrame(.ping, payload: ByteBuffer(bytes: [3]))
            try await peer.shakeHands(with: frames)
            #expect(try await peer.next() == .pong([1]))
            #expect(try await peer.next() == .bytes([2]))
            #expect(try await peer.next() == .pong([3]))
            try await peer.sayClose(.normal)
        } body: { url in
            try await url.client().exchangeMessages(limits: FrameParser.Limits()) { $0 }
        }
    }

    @Test(
        "a server that breaks the protocol is told how",
        arguments: [
            (Opcode.text, [0xC0] as [UInt8], CloseCode.invalidPayload),
            (.binary, [UInt8](repeating: 0, count: 65), .messageTooBig),
            (.close, [0x03, 0xE7], .protocolError),
        ]
    )
    func violation(opcode: Opcode, payload: [UInt8], code: CloseCode) async throws {
        var limits = FrameParser.Limits()
        limits.frameLength = 64
        let answered = Mutex(false)
        try await ScriptedServer.run { peer in
            try await peer.shakeHands()
            try await peer.frame(opcode, payload)
            #expect(try await peer.next() == .close(code))
        } body: { [limits] url in
            try await url.client().exchangeMessages(limits: limits) { _ in
                answered.withLock { $0 = true }
                return nil
            }
        }
        #expect(!answered.withLock { $0 })
    }
}
