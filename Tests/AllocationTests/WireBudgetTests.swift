import NIOCore
import Testing
import Wire

@Suite("What the wire may allocate")
struct WireBudgetTests {
    /// A client's frames, in the pieces in which a socket brings them.
    private func pieces(frames: Int, of length: Int, pieceLength: Int) -> [ByteBuffer] {
        let payload = ByteBuffer(repeating: 0x5A, count: length)
        var bytes = ByteBuffer()
        for index in 0..<frames {
            bytes.writeFrame(.binary, payload: payload, maskingKey: MaskingKey(littleEndian: UInt32(index + 1)))
        }
        var pieces: [ByteBuffer] = []
        while bytes.readableBytes > 0, let piece = bytes.readSlice(length: min(pieceLength, bytes.readableBytes)) {
            pieces.append(piece)
        }
        return pieces
    }

    @Test("parsing and unmasking a binary frame allocates nothing", arguments: [160, 8_192, 65_536])
    func frames(length: Int) throws {
        let pieces = self.pieces(frames: 64, of: length, pieceLength: 256 << 10)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
        defer { memory.deallocate() }
        var parser = FrameParser(role: .server)
        var count = 0
        let allocated = try allocations {
            for piece in pieces {
                var piece = piece
                while let event = try parser.next(&piece) {
                    guard case .binary(var bytes, _) = event else { continue }
                    var span = OutputRawSpan(buffer: memory, initializedCount: 0)
                    bytes.unmask(into: &span)
                    count += span.finalize(for: memory)
                }
            }
        }
        #expect(count == 3 * 64 * length)
        #expect(allocated ?? 0 == 0)
    }

    @Test("a frame whose header is cut anywhere allocates nothing once the place for headers is there")
    func cutHeaders() throws {
        let pieces = self.pieces(frames: 64, of: 160, pieceLength: 7)
        var parser = FrameParser(role: .server)
        let allocated = try allocations {
            for piece in pieces {
                var piece = piece
                while try parser.next(&piece) != nil {}
            }
        }
        #expect(allocated ?? 0 == 0)
    }

    @Test("reading a GET allocates its stream's name and nothing else")
    func get() throws {
        let id = "stream-01a20ae3-9c30-74a7-92c5-d4e2bd256878"
        let json = ByteBuffer(string: #"{"type":"GET","streamId":"\#(id)","offset":65536,"length":65536}"#)
        let allocated = try allocations { _ = try ClientRequest(json: json) }
        #expect(allocated ?? 0 <= 1)
    }
}
