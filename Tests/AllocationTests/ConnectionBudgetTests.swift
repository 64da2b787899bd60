import CacheProtocol
import Logging
import MemoryPoolBackend
import NIOCore
import NIOEmbedded
import NIOPosix
import Testing
import Wire

@testable import GatewayServer

@Suite("What a connection may allocate")
struct ConnectionBudgetTests {
    /// A connection without a socket, over a pool of memory, with an upload under way.
    private struct Rig {
        static let stream = "stream-01a20ae3-9c30-74a7-92c5-d4e2bd256878"
        let channel = EmbeddedChannel()

        init() throws {
            var pool = MemoryPoolConfiguration()
            pool.capacity = 64 << 20
            pool.digest = .none
            let service = GatewayService(
                backend: try MemoryPoolBackend(configuration: pool),
                configuration: GatewayConfiguration(),
                logger: Logger(label: "-") { _ in SwiftLogNoOpLogHandler() }
            )
            try self.channel.pipeline.syncOperations.addHandler(ConnectionHandler(service: service, connection: "c1"))
            self.channel.pipeline.fireChannelActive()
            self.receive(Self.text(ClientRequest(.start(.init(streamID: Self.stream)))))
            guard var started = try self.channel.readOutbound(as: ByteBuffer.self) else { throw NoAnswer() }
            started.moveReaderIndex(forwardBy: 2)
            guard String(buffer: started).contains("STARTED") else { throw NoAnswer() }
        }

        struct NoAnswer: Error {}

        static func text(_ request: ClientRequest) -> ByteBuffer {
            var frame = ByteBuffer()
            frame.writeFrame(.text, payload: request.json(), maskingKey: MaskingKey(littleEndian: 7))
            return frame
        }

        func receive(_ bytes: ByteBuffer) {
            self.channel.pipeline.fireChannelRead(bytes)
            self.channel.pipeline.fireChannelReadComplete()
        }

        /// Drops what was answered.
        ///
        /// - Returns: How many bytes that were.
        func discard() throws -> Int {
            var count = 0
            while let bytes = try self.channel.readOutbound(as: ByteBuffer.self) { count += bytes.readableBytes }
            return count
        }
    }

    private func frames(_ count: Int, of length: Int) -> ByteBuffer {
        var bytes = ByteBuffer()
        let payload = ByteBuffer(repeating: 0x5A, count: length)
        for _ in 0..<count { bytes.writeFrame(.binary, payload: payload, maskingKey: MaskingKey(littleEndian: 7)) }
        return bytes
    }

    /// How much more a call with twice as many allocates.
    private func each(_ few: Int?, _ many: Int?, _ more: Int) -> Double? {
        guard let few, let many else { return nil }
        return Double(many - few) / Double(more)
    }

    @Test("a binary frame on its way in allocates nothing")
    func frameIn() throws {
        let rig = try Rig()
        let (few, many) = (self.frames(100, of: 1_024), self.frames(200, of: 1_024))
        let each = self.each(allocations { rig.receive(few) }, allocations { rig.receive(many) }, 100)
        // A page of the pool is linked to its stream every 64 of them.
        #expect(each ?? 0 <= 0.1, "\(each ?? 0)")
        #expect(try rig.discard() == 0)
        _ = try rig.channel.finish(acceptAlreadyClosed: true)
    }

    @Test("a GET allocates its stream's name, and what two writes need")
    func getOut() throws {
        let rig = try Rig()
        rig.receive(self.frames(32, of: 65_536))
        func gets(_ count: Int) -> ByteBuffer {
            var bytes = ByteBuffer()
            for index in 0..<count {
                let get = ClientMessage.Get(streamID: Rig.stream, offset: Int64(index % 32) << 16, length: 65_536)
                var frame = Rig.text(ClientRequest(.get(get)))
                bytes.writeBuffer(&frame)
            }
            return bytes
        }
        let (few, many) = (gets(20), gets(40))
        var answered = 0
        let each = self.each(
            try allocations {
                rig.receive(few)
                answered = try rig.discard()
            },
            try allocations {
                rig.receive(many)
                answered = try rig.discard()
            },
            20
        )
        #expect(answered == 40 * (65_536 + 10))
        #expect(each ?? 0 <= 4, "\(each ?? 0)")
        _ = try rig.channel.finish(acceptAlreadyClosed: true)
    }
}
