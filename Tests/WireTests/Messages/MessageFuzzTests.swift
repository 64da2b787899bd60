import NIOCore
import Testing
import Wire

@Suite("Control messages out of nowhere")
struct MessageFuzzTests {
    @Test("no bytes trap, and what is read can be written and read again")
    func mutations() {
        for seed in 1...3_000 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            var bytes = Array(
                (random.oneIn(4) ? random.serverMessage().json() : random.clientRequest().json()).readableBytesView
            )
            for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes[place] = random.pick(Array("{}[]\",:\\u0e-.tn\0 ".utf8))
                case 1: bytes.insert(random.pick(Array("{}[]\",:\\u0e-.tn\0 ".utf8)), at: place)
                case 2: bytes.remove(at: place)
                case 3: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                default: bytes.removeLast(bytes.count - place)
                }
            }
            let text = ByteBuffer(bytes: bytes)
            if let request = try? ClientRequest(json: text) {
                #expect((try? ClientRequest(json: request.json())) == request, "seed \(seed)")
            }
            if let read = try? ServerMessage.decode(json: text) {
                #expect((try? ServerMessage.decode(json: read.json())) == read, "seed \(seed): \(String(buffer: text))")
            }
        }
    }

    @Test("random bytes are no message, and trap nothing")
    func garbage() {
        for seed in 1...5_000 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let bytes = [UInt8(ascii: "{")] + random.bytes(Int.random(in: 0...64, using: &random))
            #expect((try? ClientRequest(json: ByteBuffer(bytes: bytes))) == nil, "seed \(seed)")
            _ = try? ServerMessage.decode(json: ByteBuffer(bytes: bytes))
        }
    }
}
