import CacheProtocol
import NIOCore
import NIOHTTP1
import Testing
import Wire

@testable import GatewayServer

@Suite("Tokens and rights, as values")
struct AccessPolicyTests {
    private static let secret = "correct-horse-battery-staple"

    private func policy(_ text: String) throws -> AccessPolicy { .tokens(try TokenList.parse(text, source: "tokens")) }

    private func credentials(_ authorization: String...) -> Credentials { Credentials(authorization: authorization) }

    private func error(_ text: String) -> ConfigError? {
        do {
            _ = try TokenList.parse(text, source: "tokens")
            return nil
        } catch {
            return error
        }
    }

    @Test("a line gives a token its name and rights, in the clear or by its digest")
    func lines() throws {
        let text = """
            # Who may do what

            player   read,list  \(Self.secret)
            \trecorder\twrite\tsha256:\(sha256(Array("another-secret-token".utf8)))
            """
        let policy = try self.policy(text)
        #expect(policy.needsToken && policy.tokenCount == 2)
        for (token, name, rights) in [
            (Self.secret, "player", [.read, .list] as Rights), ("another-secret-token", "recorder", .write),
        ] {
            guard case .granted(let grant) = policy.verdict(on: self.credentials("Bearer \(token)")) else {
                Issue.record("\(name) is not let in")
                continue
            }
            #expect(grant.principal == Principal(name: name, rights: rights))
        }
        #expect("\(policy)".contains("player") && !"\(policy)".contains("correct"))
        // In a variable, where lines are hard to write, a semicolon ends one.
        #expect(try self.policy("a read \(Self.secret); b admin another-secret-token").tokenCount == 2)
        #expect(try self.policy("").tokenCount == 0)
    }

    @Test(
        "a line that is none is named by its number, and no token is ever repeated",
        arguments: [
            "player", "player read", "player read correct-horse-battery-staple more",
            "pl/ayer read correct-horse-battery-staple",
            "player reed correct-horse-battery-staple", "player read, correct-horse-battery-staple",
            "player read short-token", "player read correct-horse-battery-stäple", "player read sha256:12345678",
            "player read correct-horse-battery-staple\nother read correct-horse-battery-staple",
            "player read \(String(repeating: "correct", count: 100))",
            "\(String(repeating: "n", count: 65)) read correct-horse",
        ]
    )
    func badLines(text: String) {
        let error = self.error("# one\n" + text)
        #expect(error?.keyPath == (text.contains("\n") ? "line 3" : "line 2"))
        #expect(
            error.map { !"\($0)".contains("correct") && !"\($0)".contains("short-token") } == true,
            "\(error as Any)"
        )
    }

    @Test("a thousand tokens are fine, and no more")
    func manyTokens() {
        let lines = (0...1_000).map { "n\($0) read token-of-sixteen-\($0)\n" }
        #expect(self.error(lines.dropLast().joined()) == nil)
        #expect(self.error(lines.joined())?.keyPath == "line 1001")
    }

    @Test("rights are words, admin is all of them, and what is printed reads back")
    func rights() {
        #expect(Rights(words: "read,list") == [.read, .list])
        #expect(Rights(words: "admin") == .admin && Rights.admin.description == "admin")
        for bits in UInt8(0)..<127 where bits > 0 {
            let rights = Rights(rawValue: bits)
            #expect(Rights(words: rights.description) == rights, "\(rights)")
        }
        for words in ["", ",", "read,", "Read", "read list", "read,,list", "all", "reaḋ"] {
            #expect(Rights(words: words) == nil, "\(words)")
        }
    }

    @Test("only one bearer token, well formed, is one")
    func credentialForms() throws {
        let policy = try self.policy("player read \(Self.secret)")
        func outcome(_ authorization: [String]) -> AccessPolicy.Verdict {
            policy.verdict(on: Credentials(authorization: authorization))
        }
        #expect(outcome([]) == .missing)
        for value in ["Bearer \(Self.secret)", "bearer \(Self.secret)", "BEARER   \(Self.secret)"] {
            guard case .granted = outcome([value]) else {
                Issue.record("\(value) is not let in")
                continue
            }
        }
        for value in [
            "", "Bearer", "Bearer ", Self.secret, "Basic \(Self.secret)", "Bearer\t\(Self.secret)",
            "Bearer \(Self.secret) ",
            "Bearer \(Self.secret),", "Bearer \(Self.secret.dropLast())", "Bearer \(Self.secret)x",
            "Bearer \(Self.secret.uppercased())", "Bearer é", "Bearer \(String(repeating: "x", count: 8_000))",
        ] {
            #expect(outcome([value]) == .refused, "\(value.prefix(60))")
        }
        // Of two it could not be said which is meant.
        #expect(outcome(["Bearer \(Self.secret)", "Bearer \(Self.secret)"]) == .refused)
        #expect(AccessPolicy.open.verdict(on: self.credentials("Bearer x")) == .granted(.open))
    }

    @Test("a token may be a subprotocol, beside ours, which alone is agreed to")
    func subprotocols() throws {
        func head(_ value: String?) -> HTTPRequestHead {
            var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/audio")
            if let value { head.headers.add(name: "Sec-WebSocket-Protocol", value: value) }
            return head
        }
        let offered = Subprotocols(head("audiocache, bearer.\(Self.secret)"))
        #expect(offered.offersAudioCache && !offered.isMalformed)
        let policy = try self.policy("player read \(Self.secret)")
        guard case .granted = policy.verdict(on: Credentials(authorization: [], subprotocols: offered)) else {
            Issue.record("not let in")
            return
        }
        #expect(policy.verdict(on: Credentials(authorization: ["Bearer x"], subprotocols: offered)) == .refused)
        let two = Subprotocols(head("bearer.\(Self.secret), bearer.\(Self.secret)"))
        #expect(policy.verdict(on: Credentials(authorization: [], subprotocols: two)) == .refused)
        #expect(policy.verdict(on: Credentials(authorization: [], subprotocols: Subprotocols(head(nil)))) == .missing)
        #expect(
            policy.verdict(on: Credentials(authorization: [], subprotocols: Subprotocols(head("audio")))) == .missing
        )
        #expect(!Subprotocols(head("a,b,c,d,e,f,g,h")).isMalformed)
        for value in ["a,b,c,d,e,f,g,h,i", "a b", "é", "a,,b", "a/b", "a\u{0}b", ""] {
            #expect(Subprotocols(head(value)).isMalformed, "\(value)")
        }
    }

    @Test("a grant lasts as long as its token does, and changes with the rights beside it")
    func renewal() throws {
        let policy = try self.policy("player read \(Self.secret)")
        guard case .granted(let grant) = policy.verdict(on: self.credentials("Bearer \(Self.secret)")) else {
            Issue.record("not let in")
            return
        }
        #expect(grant.renewed(by: policy) == grant)
        #expect(grant.renewed(by: try self.policy("p write \(Self.secret)"))?.principal.rights == .write)
        #expect(grant.renewed(by: try self.policy("player read another-secret-token")) == nil)
        #expect(grant.renewed(by: .open) == .open)
        #expect(Grant.open.renewed(by: policy) == nil)
    }

    @Test("each message needs its right, and the token that lacks it is told which")
    func messages() {
        var overwrite = ClientMessage.Start(streamID: "x")
        overwrite.overwrite = true
        let needs: [(ClientMessage, Rights)] = [
            (.start(.init(streamID: "x")), .write), (.start(overwrite), [.write, .overwrite]),
            (.stop(streamID: nil, sha256: nil), .write), (.abort(streamID: nil), .write),
            (.get(.init(streamID: "x", offset: 0, length: 1)), .read), (.subscribe(streamID: "x", offset: 0), .read),
            (.info(streamID: "x"), .read), (.list(.init()), .list), (.delete(streamID: "x"), .delete),
            (.unsubscribe(streamID: "x"), []), (.ping, []),
        ]
        for (message, needed) in needs {
            #expect(Rights.admin.missing(for: message) == nil)
            #expect(needed.missing(for: message) == nil)
            #expect(Rights([]).missing(for: message) == (needed.isEmpty ? nil : needed))
            let others = Rights.admin.subtracting(needed)
            if case .info = message { continue }
            #expect(others.missing(for: message) == (needed.isEmpty ? nil : needed))
        }
        #expect(Rights.write.missing(for: .info(streamID: "x")) == nil)
    }

    @Test(
        "each wrong token of an address waits longer, up to a limit, until it has been quiet; others do not wait for it"
    )
    func guesses() {
        var budget = GuessBudget()
        let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
        let delays = (0..<8).map { _ in budget.guessed(by: "10.0.0.1", at: start) }
        #expect(delays.first == .milliseconds(100) && delays[1] == .milliseconds(200))
        #expect(delays.last == .seconds(5) && zip(delays, delays.dropFirst()).allSatisfy { $0 <= $1 })
        for _ in 0..<100 { #expect(budget.guessed(by: "10.0.0.1", at: start) == .seconds(5)) }
        #expect(budget.guessed(by: "10.0.0.2", at: start) == .milliseconds(100))
        #expect(budget.guessed(by: "10.0.0.1", at: start + .seconds(60)) == .milliseconds(100))
        // However many addresses there are, they are not remembered without end; the rest are counted together.
        for number in 0..<GuessBudget.capacity { _ = budget.guessed(by: "\(number)", at: start + .seconds(60)) }
        for number in 0..<20 { _ = budget.guessed(by: "more-\(number)", at: start + .seconds(60)) }
        #expect(budget.guessed(by: "yet-another", at: start + .seconds(60)) == .seconds(5))
    }

    @Test("only what this machine alone reaches may be served without tokens, unless that is said to be meant")
    func exposure() throws {
        var configuration = GatewayConfiguration()
        for host in ["127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "::1", "[::1]"] {
            configuration.host = host
            try configuration.checkExposure()
        }
        for host in ["0.0.0.0", "::", "10.0.0.1", "gateway.example", "127.evil.example", "localhost.evil.example"] {
            configuration.host = host
            let error = #expect(throws: ConfigError.self) { try configuration.checkExposure(file: "f.json") }
            #expect(error?.keyPath == "listen.host" && error?.accepted.contains("insecure") == true)
            var meant = configuration
            meant.isInsecure = true
            try meant.checkExposure()
            meant.isInsecure = false
            meant.access = .tokens([])
            try meant.checkExposure()
        }
    }
}
