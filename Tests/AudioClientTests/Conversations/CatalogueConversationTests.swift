import Testing
import Wire

@testable import AudioClient

@Suite("Lists and removals, seen by the gateway")
struct CatalogueConversationTests {
    @Test("a list goes on with the next page over a new connection where the old one broke")
    func list() async throws {
        var names: [String] = []
        let next = try await ScriptedServer.inTurn([
            { peer in
                try await peer.shakeHandsAsGateway()
                #expect(try await peer.expectList().after == nil)
                try await peer.say(
                    #"{"type":"LIST","streams":[{"streamId":"a","state":"live","size":1}],"next":"a","requestId":1}"#
                )
                #expect(try await peer.expectList().after == "a")
                try await peer.drop()
            },
            { peer in
                try await peer.shakeHandsAsGateway()
                let list = try await peer.expectList()
                #expect(list.after == "a" && list.state == "live")
                try await peer.say(
                    #"{"type":"LIST","streams":[{"streamId":"b","state":"live","size":1}],"requestId":1}"#
                )
            },
        ]) { url in
            var filter = ClientMessage.List()
            filter.state = "live"
            var names: [String] = []
            let next = try await Catalogue(client: url.client(retries: 2)).list(filter, limit: nil) {
                (page) throws(ClientError) in names += page.map(\.streamID)
            }
            return (names, next)
        }
        names = next.0
        #expect(names == ["a", "b"] && next.1 == nil)
    }

    @Test("a removal whose answer got lost is found to be done, and one of what was never there is refused")
    func delete() async throws {
        let notFound: ScriptedServer.Script = { peer in
            try await peer.shakeHandsAsGateway()
            try await peer.expectDelete()
            try await peer.say(#"{"type":"ERROR","code":"stream_not_found","message":"None.","requestId":1}"#)
        }
        try await ScriptedServer.inTurn([
            { peer in
                try await peer.shakeHandsAsGateway()
                try await peer.expectDelete()
                try await peer.drop()
            }, notFound,
        ]) { url in
            try await Catalogue(client: url.client(retries: 2)).delete("stream-1")
        }
        let error = await clientError {
            try await ScriptedServer.run(notFound) { url in
                try await Catalogue(client: url.client(retries: 2)).delete("stream-1")
            }
        }
        #expect(error?.code == .noInput)
    }

    @Test("a server of the original system is not asked")
    func baseServer() async throws {
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHands()
                #expect(try await peer.next() == .close(.normal))
            } body: { url in
                try await Catalogue(client: url.client()).info("stream-1")
            }
        }
        #expect(error?.code == .unavailable)
    }
}
