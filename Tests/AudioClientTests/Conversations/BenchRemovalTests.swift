import Testing

@testable import AudioClient

@Suite("What a measurement that broke off has left is removed", .timeLimit(.minutes(5)))
struct BenchRemovalTests {
    @Test("also by a task that was cancelled, and once the gateway has noticed that the writer is gone")
    func removed() async throws {
        let streams = BenchStreams()
        let ids = [streams.begin(), streams.begin()]
        try await ScriptedServer.run { peer in
            try await peer.shakeHandsAsGateway()
            #expect(try await peer.expectDelete() == ids[0])
            try await peer.say(#"{"type":"ERROR","code":"stream_busy","message":"It has a writer.","requestId":1}"#)
            #expect(try await peer.expectDelete() == ids[0])
            try await peer.say(#"{"type":"DELETED","streamId":"\#(ids[0])","requestId":1}"#)
            // Its START never arrived.
            #expect(try await peer.expectDelete() == ids[1])
            try await peer.say(#"{"type":"ERROR","code":"stream_not_found","message":"None.","requestId":1}"#)
        } body: { url in
            let removal = BenchRemoval(client: try url.client(), streams: streams, limit: .seconds(60))
            let work = Task { await removal.run() }
            work.cancel()
            await work.value
        }
        #expect(streams.left.isEmpty)
    }

    @Test("one that is refused leaves the others to be removed, and is known to be left")
    func refused() async throws {
        let streams = BenchStreams()
        let ids = [streams.begin(), streams.begin()]
        try await ScriptedServer.run { peer in
            try await peer.shakeHandsAsGateway()
            try await peer.expectDelete()
            try await peer.say(#"{"type":"ERROR","code":"io","message":"The disk is gone.","requestId":1}"#)
            try await peer.expectDelete()
            try await peer.say(#"{"type":"DELETED","streamId":"\#(ids[1])","requestId":1}"#)
        } body: { url in
            await BenchRemoval(client: try url.client(), streams: streams, limit: .seconds(60)).run()
        }
        #expect(streams.left == [ids[0]])
    }

    @Test("it takes no longer than it may where the gateway says nothing")
    func bounded() async throws {
        let streams = BenchStreams()
        let id = streams.begin()
        try await ScriptedServer.run { peer in
            try await peer.shakeHandsAsGateway()
            try await peer.expectDelete()
        } body: { url in
            // The client alone would wait for minutes.
            await BenchRemoval(client: try url.client(), streams: streams, limit: .seconds(15)).run()
        }
        #expect(streams.left == [id])
    }

    @Test("what is left is named by the error, with the command that removes it")
    func named() throws {
        let server = try ServerURL("ws://host:1/audio")
        let error = ClientError(.io, "It broke.", remedy: "Try again.", cause: .dropped)
        #expect(error.leaving([], in: server) == error)
        let left = error.leaving(["a", "b"], in: server)
        #expect(left.sentence == "It broke. Streams are left in the gateway: a b.")
        let command = "audio-client delete --server ws://host:1/audio a b"
        #expect(left.remedy == "Try again. Remove what is left by \(command)")
        #expect(left.cause == .dropped)
    }
}
