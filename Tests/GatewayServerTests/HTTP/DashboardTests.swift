import Crypto
import NIOCore
import TestSupport
import Testing

@testable import GatewayServer

@Suite("The dashboard's files", .timeLimit(.minutes(5)))
struct DashboardTests {
    private static let files = DashboardFile.all(webSocketPath: "/audio")

    /// Asks once, on a connection of its own.
    private static func ask(
        _ gateway: TestGateway,
        _ method: String,
        _ path: String,
        _ fields: String = ""
    ) async throws -> (head: RawPeer.Head, body: String) {
        let peer = try await gateway.connect()
        peer.send("\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\(fields)\r\n")
        guard method == "GET" else { return (try await peer.head(), "") }
        return try await peer.response()
    }

    @Test("each is served with its type, a strong tag of its bytes, and a policy that lets nothing else run")
    func everyFile() async throws {
        try await TestGateway.run { gateway in
            for file in Self.files {
                let (head, body) = try await Self.ask(gateway, "GET", file.path)
                #expect(head.status == 200, "\(file.path)")
                #expect(body == String(buffer: file.body), "\(file.path)")
                #expect(head["content-type"] == file.contentType)
                #expect(head["etag"] == file.entityTag.fieldValue && file.entityTag.fieldValue.hasPrefix("\""))
                #expect(head["cache-control"] == "no-cache")
                #expect(head["x-content-type-options"] == "nosniff")
                let policy = try #require(head["content-security-policy"])
                #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self';"))
                #expect(!policy.contains("unsafe") && !policy.contains("*"))
            }
        }
    }

    @Test("a client that has the bytes is told so, by a strong tag, a weak one, one among others, or any")
    func notModified() async throws {
        let file = try #require(Self.files.first)
        try await TestGateway.run { gateway in
            for tag in [
                file.entityTag.fieldValue, "W/\(file.entityTag.fieldValue)",
                "\"x\", \(file.entityTag.fieldValue) ,\"y\"", "*",
            ] {
                let (head, body) = try await Self.ask(gateway, "GET", "/", "If-None-Match: \(tag)\r\n")
                #expect(head.status == 304 && body.isEmpty, "\(tag)")
                #expect(head["etag"] == file.entityTag.fieldValue && head["cache-control"] == "no-cache")
            }
            let (head, _) = try await Self.ask(gateway, "GET", "/", "If-None-Match: \"x\", W/\"y\"\r\n")
            #expect(head.status == 200)
        }
    }

    @Test("HEAD tells what GET would, without the bytes")
    func head() async throws {
        try await TestGateway.run { gateway in
            for file in Self.files.prefix(2) {
                let (head, _) = try await Self.ask(gateway, "HEAD", file.path)
                #expect(head.status == 200 && head.bodyLength == file.body.readableBytes)
                #expect(head["etag"] == file.entityTag.fieldValue)
            }
        }
    }

    @Test("the page is told the path of the WebSocket")
    func webSocketPath() throws {
        let page = try #require(DashboardFile.all(webSocketPath: "/voice/in").first)
        #expect(page.path == "/")
        #expect(String(buffer: page.body).contains(#"<meta name="audiocache-path" content="/voice/in">"#))
        #expect(page.entityTag != Self.files.first?.entityTag)
    }

    @Test("a WebSocket at / keeps that path, and there is no page then")
    func webSocketAtTheRoot() async throws {
        try await TestGateway.run { setup in
            setup.gateway.path = "/"
        } _: { gateway in
            let peer = try await gateway.connect()
            try await peer.upgrade(path: "/")
            let (head, _) = try await Self.ask(gateway, "GET", "/")
            #expect(head.status == 426)
            let (part, _) = try await Self.ask(gateway, "GET", "/dashboard/app.js")
            #expect(part.status == 404)
        }
    }

    @Test("nothing beside the files is served, whatever the path looks like")
    func nothingElse() async throws {
        try await TestGateway.run { gateway in
            for path in ["/dashboard", "/dashboard/", "/dashboard/../app.js", "/dashboard/%2e%2e/x", "/index.html"] {
                let (head, _) = try await Self.ask(gateway, "GET", path)
                #expect(head.status == 404, "\(path)")
            }
        }
    }

    @Test("every part that the page and its modules name is there, and every part is named")
    func partsAreComplete() throws {
        let texts = Self.files.map { String(buffer: $0.body) }
        var named: Set<String> = []
        for text in texts {
            for match in text.matches(of: #/(?:from '\.\/|(?:src|href)="dashboard\/)([a-z0-9.-]+)['"]/#) {
                named.insert("\(DashboardFile.prefix)/\(match.1)")
            }
        }
        #expect(named == Set(Self.files.map(\.path)).subtracting(["/"]))
    }

    @Test("no markup brings script or style of its own, and no module parses markup or runs text")
    func nothingInline() throws {
        let page = String(buffer: try #require(Self.files.first).body)
        #expect(!page.contains("<style") && !page.contains(" style=") && !page.contains("javascript:"))
        #expect(page.matches(of: #/<script[^>]*>/#).allSatisfy { $0.output.contains("src=") })
        #expect(page.matches(of: #/\son[a-z]+=/#).isEmpty)
        for file in Self.files where file.path.hasSuffix(".js") {
            let text = String(buffer: file.body)
            for word in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "http://",
                "https://",
            ]
            where file.path != "/dashboard/dom.js" || !word.hasPrefix("http") {
                #expect(!text.contains(word), "\(file.path) has \(word)")
            }
        }
    }
}
