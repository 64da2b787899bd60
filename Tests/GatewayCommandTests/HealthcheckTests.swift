import GatewayServer
import NIOCore
import NIOPosix
import TestSupport
import Testing

@testable import gateway

@Suite("gateway healthcheck", .timeLimit(.minutes(2)))
struct HealthcheckTests {
    @Test("a URL is taken apart, the gateway's own path where it has none")
    func urls() throws {
        let plain = try #require(HealthQuestion(url: "http://localhost:9000"))
        #expect(plain.host == "localhost" && plain.port == 9_000 && plain.path == "/readyz")
        let full = try #require(HealthQuestion(url: "HTTP://[::1]:81/livez?a=b#c"))
        #expect(full.host == "::1" && full.port == 81 && full.path == "/livez?a=b")
        #expect(full.url == "http://[::1]:81/livez?a=b")
        #expect(HealthQuestion(url: "http://a/")?.port == 80)
        for nonsense in [
            "", "a", "ws://a/", "http://", "http://:80/", "http://a:0/", "http://a:65536/", "http://a:b/",
            "http://[::1/", "http://[::1]x/", "http://a b/", "http://me@a/", "http://a/\r\nHost: b",
        ] {
            #expect(HealthQuestion(url: nonsense) == nil, "\(nonsense)")
        }
    }

    @Test("an address that stands for all is asked where this machine reaches it")
    func addresses() {
        #expect(Self.question("0.0.0.0").url == "http://127.0.0.1:1/readyz")
        #expect(Self.question("::").url == "http://[::1]:1/readyz")
        #expect(Self.question("fe80::2").url == "http://[fe80::2]:1/readyz")
        #expect(Self.question("studio.example").url == "http://studio.example:1/readyz")
    }

    @Test("a gateway with a certificate is asked over TLS, and one with names by its first")
    func encrypted() {
        var configuration = GatewayConfiguration()
        configuration.tls = .init(certificate: "/c.pem", key: "/k.pem")
        configuration.allowedHosts = ["studio.example", "b"]
        let question = HealthQuestion(configuration)
        #expect(question.url == "https://127.0.0.1:8080/readyz")
        #expect(question.trust == .anybody && question.hostField == "studio.example")
        #expect(HealthQuestion(url: "https://a")?.port == 443 && HealthQuestion(url: "https://a")?.trust == .system)
    }

    private static func question(_ host: String, port: Int = 1) -> HealthQuestion {
        var configuration = GatewayConfiguration()
        configuration.host = host
        configuration.port = port
        return HealthQuestion(configuration)
    }

    /// A server of one answer, whatever it is asked.
    private func answering(
        _ answer: String?,
        _ body: (HealthQuestion) async throws -> Void
    ) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(OneAnswer(answer))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        do {
            try await body(Self.question("127.0.0.1", port: port))
        } catch {
            try await server.close()
            throw error
        }
        try await server.close()
    }

    @Test("the answer is the status and the body")
    func answers() async throws {
        try await self.answering("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n") { question in
            let answer = try await question.ask(timeout: .seconds(60))
            #expect(answer == .init(status: 200, body: "ok\n"))
        }
        try await self.answering("HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n") {
            question in
            let answer = try await question.ask(timeout: .seconds(60))
            #expect(answer == .init(status: 503, body: "no"))
        }
    }

    @Test("half an answer, none in time, nonsense, too much and nobody are failures")
    func failures() async throws {
        for answer in ["HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nok", "", "nonsense\r\n\r\n"] {
            try await self.answering(answer) { question in
                await #expect(throws: (any Error).self) { try await question.ask(timeout: .seconds(60)) }
            }
        }
        let long = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + String(repeating: "x", count: 100_000)
        try await self.answering(long) { question in
            await #expect(throws: (any Error).self) { try await question.ask(timeout: .seconds(60)) }
        }
        try await self.answering(nil) { question in
            await #expect(throws: HealthQuestion.Failure.self) { try await question.ask(timeout: .milliseconds(50)) }
        }
        var gone: HealthQuestion?
        try await self.answering(nil) { gone = $0 }
        let question = try #require(gone)
        await #expect(throws: (any Error).self) { try await question.ask(timeout: .seconds(60)) }
    }

    @Test("the banner says where to go, with addresses that can be gone to")
    func banner() {
        var configuration = GatewayConfiguration()
        configuration.host = "::"
        configuration.path = "/sound"
        configuration.backendType = "mmap"
        let text = Banner(gateway: configuration, port: 81, directory: "/home/a/cache").text
        #expect(text.contains("ws://[::1]:81/sound\n"))
        #expect(text.contains("http://[::1]:81/readyz\n"))
        #expect(text.contains("in /home/a/cache\n"))
        #expect(text.contains("Ctrl-C"))
        #expect(Banner(gateway: configuration, port: 81, directory: nil).text.contains("in memory"))
    }
}

/// Answers the first bytes, and ends the connection; or never answers.
private final class OneAnswer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let answer: String?
    init(_ answer: String?) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard let answer = self.answer else { return }
        context.writeAndFlush(Self.wrapOutboundOut(ByteBuffer(string: answer)), promise: nil)
        context.close(promise: nil)
    }
}
