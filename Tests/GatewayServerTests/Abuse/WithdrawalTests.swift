import CacheProtocol
import NIOCore
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("Tokens that are withdrawn, or lose a right, while they are used", .timeLimit(.minutes(5)))
struct WithdrawalTests {
    private static let before = """
        admin admin admin-token-of-the-test
        user read,write user-token-of-the-test
        """
    private static let bearer = [("Authorization", "Bearer user-token-of-the-test")]

    private static func configuration(_ tokens: String) throws -> GatewayConfiguration {
        var configuration = GatewayConfiguration()
        configuration.port = 0
        configuration.greeting = .off
        configuration.idleTimeoutSeconds = 600
        configuration.access = .tokens(try TokenList.parse(tokens, source: "test"))
        return configuration
    }

    /// Runs a gateway with a live stream, `live`, of three bytes; its writer is handed to the test.
    private func run(
        wrap: @escaping (any CacheBackend) -> any CacheBackend = { $0 },
        _ body: @escaping @Sendable (TestGateway, _ admin: RawPeer) async throws -> Void
    ) async throws {
        let configuration = try Self.configuration(Self.before)
        try await TestGateway.run {
            $0.gateway = configuration
            $0.wrap = wrap
        } _: { gateway in
            let admin = try await gateway.connect()
            try await admin.upgrade([("Authorization", "Bearer admin-token-of-the-test")])
            try await admin.start("live")
            admin.upload([1, 2, 3])
            try await admin.settle()
            try await body(gateway, admin)
        }
    }

    /// Puts other tokens in force.
    private static func change(_ gateway: TestGateway, user rights: String?) throws {
        let user = rights.map { "user \($0) user-token-of-the-test" } ?? ""
        let configuration = try Self.configuration("admin admin admin-token-of-the-test\n\(user)\n")
        #expect(try gateway.server.reload(configuration) == [])
    }

    @Test("who follows over HTTP is told no further byte", arguments: [nil, "write"])
    func following(rights: String?) async throws {
        try await self.run { gateway, admin in
            let reader = try await gateway.connect()
            reader.request("GET", "/streams/live", Self.bearer)
            _ = try await reader.head()
            #expect(try await reader.chunked(3).isEqual(to: [1, 2, 3]))
            try Self.change(gateway, user: "read")
            admin.upload([4])
            #expect(try await reader.chunked(1).isEqual(to: [4]))
            try Self.change(gateway, user: rights)
            admin.upload([5])
            #expect(try await reader.readToEnd().readableBytes == 0)
            try await admin.stop("live")
        }
    }

    @Test(
        "an upload over HTTP is refused at its next bytes, and what it had brought is kept",
        arguments: [nil, "read"]
    )
    func uploading(rights: String?) async throws {
        try await self.run { gateway, admin in
            let writer = try await gateway.connect()
            writer.request("PUT", "/streams/put", Self.bearer + [("Content-Length", "10")])
            writer.send([1, 2, 3, 4, 5])
            while (try? await admin.info("put").size) != 5 {}
            try Self.change(gateway, user: rights)
            writer.send([6])
            let answer = try await writer.answer()
            #expect(answer.status == (rights == nil ? 401 : 403) && answer["connection"] == "close")
            #expect(answer.text.contains(#""code":"unauthorized""#))
            while try await admin.info("put").state == "live" {}
            let info = try await admin.info("put")
            #expect(info.state == "suspended" && info.size == 5)
        }
    }

    @Test("a subscription ends with the right to read, an upload with the right to write, the connection with either")
    func webSocket() async throws {
        try await self.run { gateway, admin in
            let (reader, writer) = (try await gateway.connect(), try await gateway.connect())
            for peer in [reader, writer] { try await peer.upgrade(Self.bearer) }
            _ = try await reader.ask(#"{"type":"SUBSCRIBE","streamId":"live","offset":3}"#, .subscribed)
            try await writer.start("upload")
            writer.upload([7, 8])
            try await writer.settle()
            for (peer, rights) in [(reader, "write"), (writer, "read")] {
                try Self.change(gateway, user: rights)
                peer.say(#"{"type":"PING"}"#)
                let kept = rights == "write" ? "read" : "write"
                #expect(try await peer.expectClose(1_008).contains(kept))
            }
            while try await admin.info("upload").state == "live" {}
            let info = try await admin.info("upload")
            #expect(info.state == "suspended" && info.size == 2)
        }
    }

    @Test("a right that goes while the backend looks for the stream is missing once that is found")
    func held() async throws {
        let (asked, ask) = AsyncStream<Void>.makeStream()
        let (released, release) = AsyncStream<Void>.makeStream()
        try await self.run(wrap: { base in
            ReaderWrappingBackend(base: base) { LateSource($0, asked: ask, released: released) }
        }) { gateway, _ in
            let reader = try await gateway.connect()
            try await reader.upgrade(Self.bearer)
            reader.say(#"{"type":"SUBSCRIBE","streamId":"live","offset":0}"#)
            for await _ in asked { break }
            try Self.change(gateway, user: "write")
            // It is looked at here, and nothing is under way yet.
            reader.say(#"{"type":"PING"}"#)
            reader.sendFrame(.ping, [1])
            #expect(try await reader.frame().opcode == .pong)
            release.finish()
            try await reader.expectError(.unauthorized)
        }
    }
}

/// Finds its stream when it is released.
private final class LateSource: StreamSource {
    private let base: StreamReader
    private let asked: AsyncStream<Void>.Continuation
    private let released: AsyncStream<Void>

    init(_ base: StreamReader, asked: AsyncStream<Void>.Continuation, released: AsyncStream<Void>) {
        self.base = base
        self.asked = asked
        self.released = released
    }

    func open() -> Answer<StreamStatus> {
        self.asked.yield()
        return .later(
            Later { () async throws(CacheError) in
                for await _ in self.released {}
                return try await self.base.opened().value()
            }
        )
    }

    var status: StreamStatus { self.base.status }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        try self.base.read(at: offset, count: count)
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        try await self.base.grown(past: offset, while: state)
    }
}
