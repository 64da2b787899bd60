import Testing
import Wire

@testable import GatewayServer

@Suite("Going on with an upload, over a socket", .timeLimit(.minutes(5)))
struct ResumeTests {
    @Test("a broken upload goes on where it stopped, under a higher epoch")
    func resume() async throws {
        try await TestGateway.run { gateway in
            let bytes = sample(100_000)
            let first = try await gateway.peer()
            let begun = try await first.start("resume", #","resume":true"#)
            #expect(begun.offset == 0)
            let epoch = try #require(begun.epoch)
            first.upload(Array(bytes[..<60_001]))
            try await first.settle()
            await first.drop()

            let second = try await gateway.peer()
            let again = try await second.start("resume", #","resume":true,"requestId":"r"}"#.replacing("}", with: ""))
            #expect(again.requestID == .string("r"))
            #expect(again.offset == 60_001)
            #expect(try #require(again.epoch) > epoch)
            second.upload(Array(bytes[60_001...]))
            let stopped = try await second.stop("resume", #","sha256":"\#(sha256(bytes))""#)
            #expect(stopped.size == 100_000)
            #expect(stopped.sha256 == sha256(bytes))
            #expect(stopped.durability == "process")
            #expect(try await second.read("resume", 0, 1 << 20).isEqual(to: bytes))
        }
    }

    @Test("a stream that is not there yet is begun by resuming it")
    func begin() async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            #expect(try await peer.start("new", #","resume":true"#).offset == 0)
            try await peer.stop("new")
        }
    }

    @Test("a newcomer takes the stream over, and nothing that the old connection sends lands any more")
    func takeover() async throws {
        try await TestGateway.run { gateway in
            let old = try await gateway.peer()
            let newcomer = try await gateway.peer()
            let begun = try await old.start("fence", #","resume":true"#)
            old.upload([1, 2, 3])
            try await old.settle()
            let taken = try await newcomer.start("fence", #","resume":true"#)
            #expect(taken.offset == 3)
            #expect(try #require(taken.epoch) > #require(begun.epoch))
            // The old one does not know yet. What it sends is refused, once, and goes nowhere.
            old.upload([9, 9, 9])
            old.upload([9, 9, 9])
            try await old.expectError(.streamBusy)
            old.say(#"{"type":"STOP","streamId":"fence"}"#)
            try await old.expectError(.streamBusy)
            old.say(#"{"type":"ABORT","streamId":"fence"}"#)
            try await old.expectError(.noOpenStream)
            newcomer.upload([4])
            await old.drop()
            newcomer.upload([5])
            #expect(try await newcomer.stop("fence", #","requestId":1"#).size == 5)
            #expect(try await newcomer.read("fence", 0, 100).isEqual(to: [1, 2, 3, 4, 5]))
        }
    }

    @Test(
        "an old connection that sends STOP, ABORT or nothing after it lost the stream ends nothing",
        arguments: [0, 1, 2]
    )
    func lateEnd(kind: Int) async throws {
        try await TestGateway.run { gateway in
            let old = try await gateway.peer()
            let newcomer = try await gateway.peer()
            try await old.start("late")
            old.upload([1])
            try await old.settle()
            try await newcomer.start("late", #","resume":true"#)
            switch kind {
            case 0:
                old.say(#"{"type":"STOP"}"#)
                try await old.expectError(.streamBusy)
            case 1:
                old.say(#"{"type":"ABORT"}"#)
                try await old.expectError(.streamBusy)
            default: await old.drop()
            }
            newcomer.upload([2])
            try await newcomer.settle()
            #expect(try await newcomer.info("late").state == "live")
            try await newcomer.stop("late")
            #expect(try await newcomer.read("late", 0, 10).isEqual(to: [1, 2]))
        }
    }

    @Test("of many that resume at once, the last one has the stream and the others are told")
    func race() async throws {
        try await TestGateway.run { gateway in
            var peers: [RawPeer] = []
            for _ in 0..<8 { peers.append(try await gateway.peer()) }
            for peer in peers { peer.say(#"{"type":"START","streamId":"race","resume":true}"#) }
            var winner: (peer: RawPeer, epoch: Int64)?
            for peer in peers {
                let answer = try await peer.message()
                guard answer.kind == .started else {
                    #expect(answer.code == .streamBusy)
                    continue
                }
                let epoch = try #require(answer.epoch)
                if epoch > winner?.epoch ?? 0 { winner = (peer, epoch) }
            }
            let last = try #require(winner?.peer)
            for peer in peers where peer !== last { peer.upload([1]) }
            for peer in peers where peer !== last { #expect(try await peer.expect(.error).code != nil) }
            last.upload([2])
            try await last.stop("race")
            #expect(try await last.read("race", 0, 10).isEqual(to: [2]))
        }
    }

    @Test("of many that begin at once, one has the stream and the others are told")
    func startRace() async throws {
        try await TestGateway.run { gateway in
            var peers: [RawPeer] = []
            for _ in 0..<8 { peers.append(try await gateway.peer()) }
            for round in 0..<10 {
                for peer in peers { peer.say(#"{"type":"START","streamId":"race-\#(round)"}"#) }
                var winners: [RawPeer] = []
                for peer in peers {
                    let answer = try await peer.message()
                    if answer.kind == .started { winners.append(peer) } else { #expect(answer.code == .streamBusy) }
                }
                #expect(winners.count == 1)
                try await winners.first?.stop("race-\(round)")
            }
        }
    }
}
