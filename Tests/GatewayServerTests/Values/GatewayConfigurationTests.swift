import CacheProtocol
import Logging
import NIOCore
import Testing
import Wire

@testable import GatewayServer

@Suite("The gateway's own configuration")
struct GatewayConfigurationTests {
    /// Reads a configuration as the command does, without a backend.
    private func read(_ text: String) throws -> (configuration: GatewayConfiguration, effective: [String: ConfigValue])
    {
        var section = ConfigSection(try ConfigFile.parse(Array(text.utf8), file: "gateway.json"), file: "gateway.json")
        let configuration = try GatewayConfiguration(from: &section)
        try section.finish()
        return (configuration, section.effective)
    }

    private func error(_ text: String) -> ConfigError? {
        do {
            _ = try self.read(text)
            return nil
        } catch {
            return error as? ConfigError
        }
    }

    @Test("an empty file is the defaults, and the defaults are printed")
    func defaults() throws {
        let (configuration, effective) = try self.read("{}")
        #expect(configuration == GatewayConfiguration())
        #expect(configuration.host == "127.0.0.1" && configuration.port == 8_080 && configuration.path == "/audio")
        #expect(Set(effective.keys) == ["listen", "log", "greeting", "limits", "security"])
    }

    @Test("every key is taken")
    func allKeys() throws {
        let text = """
            {
              "listen": {"host": "0.0.0.0", "port": 0, "path": "/live/audio-2"},
              "log": {"level": "trace", "format": "json"},
              "greeting": "eager",
              "limits": {
                "maxConnections": 1, "maxTextMessageBytes": 2048, "maxBinaryMessageBytes": 65536,
                "idleTimeoutSeconds": 2, "writeTimeoutSeconds": 3, "headerTimeoutSeconds": 4, "shutdownGraceSeconds": 0,
                "maxConnectionsPerPeer": 5, "maxPlainConnections": 6, "maxOpenStreams": 7, "maxStartsPerSecond": 8,
                "maxPingsPerSecond": 9, "maxUnsentBytes": 1048577, "maxHeaderBytes": 1025, "maxHeaderFields": 11,
                "maxTextFragments": 12, "messageTimeoutSeconds": 13, "closeTimeoutSeconds": 14,
                "shutdownDelaySeconds": 15
              },
              "security": {"allowedOrigins": ["https://a.example"], "allowedHosts": ["b.example", "c.example"],
                "insecure": true, "tokenFile": "tokens", "tokenVariable": "TOKENS"}
            }
            """
        let (found, effective) = try self.read(text)
        var expected = GatewayConfiguration()
        expected.host = "0.0.0.0"
        expected.port = 0
        expected.path = "/live/audio-2"
        expected.logLevel = .trace
        expected.logFormat = .json
        expected.greeting = .eager
        expected.maximumConnections = 1
        expected.maximumTextLength = 2_048
        expected.maximumBinaryLength = 65_536
        expected.idleTimeoutSeconds = 2
        expected.writeTimeoutSeconds = 3
        expected.headerTimeoutSeconds = 4
        expected.shutdownGraceSeconds = 0
        expected.maximumConnectionsPerPeer = 5
        expected.maximumPlainConnections = 6
        expected.maximumOpenStreams = 7
        expected.maximumStartsPerSecond = 8
        expected.maximumPingsPerSecond = 9
        expected.maximumUnsentBytes = 1_048_577
        expected.maximumHeaderLength = 1_025
        expected.maximumHeaderFields = 11
        expected.maximumTextFragments = 12
        expected.messageTimeoutSeconds = 13
        expected.closeTimeoutSeconds = 14
        expected.shutdownDelaySeconds = 15
        expected.allowedOrigins = ["https://a.example"]
        expected.allowedHosts = ["b.example", "c.example"]
        expected.isInsecure = true
        expected.tokenFile = "tokens"
        expected.tokenVariable = "TOKENS"
        #expect(found == expected)
        let again = try self.read(ConfigFile.text(effective))
        #expect(again.configuration == expected)
        #expect(again.effective == effective)
        #expect(effective == (try ConfigFile.parse(Array(text.utf8), file: "-")))
    }

    @Test("the printed defaults read back as the defaults")
    func printedDefaults() throws {
        let (_, effective) = try self.read("{}")
        let (again, effectiveAgain) = try self.read(ConfigFile.text(effective))
        #expect(again == GatewayConfiguration())
        #expect(effectiveAgain == effective)
    }

    @Test("limits reach the parser and the clocks")
    func derived() throws {
        let (configuration, _) = try self.read(
            #"{"limits": {"maxTextMessageBytes": 4096, "maxBinaryMessageBytes": 100000, "idleTimeoutSeconds": 9}}"#
        )
        #expect(configuration.frameLimits.textMessageLength == 4_096)
        #expect(configuration.frameLimits.binaryMessageLength == 100_000)
        #expect(configuration.frameLimits.frameLength == 100_000)
        #expect(configuration.timerLimits.pingAfter == .milliseconds(4_500))
        #expect(configuration.timerLimits.idle == .seconds(9))
    }

    @Test(
        "a misspelt key is named, with the one that was meant",
        arguments: [
            (#"{"listn": {}}"#, "listn", "listen"),
            (#"{"greetings": "off"}"#, "greetings", "greeting"),
            (#"{"listen": {"prot": 1}}"#, "listen.prot", "port"),
            (#"{"listen": {"Host": "x"}}"#, "listen.Host", "host"),
            (#"{"log": {"levl": "info"}}"#, "log.levl", "level"),
            (#"{"limits": {"maxConnection": 3}}"#, "limits.maxConnection", "maxConnections"),
            (#"{"limits": {"idleTimeoutSecond": 3}}"#, "limits.idleTimeoutSecond", "idleTimeoutSeconds"),
            (#"{"security": {"allowedOrigin": []}}"#, "security.allowedOrigin", "allowedOrigins"),
            (#"{"security": {"allowdHosts": []}}"#, "security.allowdHosts", "allowedHosts"),
        ]
    )
    func misspelt(text: String, keyPath: String, meant: String) {
        let error = self.error(text)
        #expect(error?.file == "gateway.json")
        #expect(error?.keyPath == keyPath)
        #expect(error?.found == "an unknown key")
        #expect(error?.accepted.hasSuffix("did you mean \"\(meant)\"?") == true, "\(error?.accepted ?? "-")")
    }

    @Test("a key that resembles none is refused with the list of those there are")
    func unknown() {
        let error = self.error(#"{"limits": {"bananas": 3}}"#)
        #expect(error?.keyPath == "limits.bananas")
        #expect(error?.accepted.contains("maxConnections") == true)
        #expect(error?.accepted.contains("did you mean") == false)
    }

    private static let integers: [(key: String, lowest: Int64, highest: Int64)] = [
        ("listen.port", 0, 65_535),
        ("limits.maxConnections", 1, 1_000_000),
        ("limits.maxTextMessageBytes", 1_024, 1 << 20),
        ("limits.maxBinaryMessageBytes", 65_536, 1 << 40),
        ("limits.idleTimeoutSeconds", 2, 86_400),
        ("limits.writeTimeoutSeconds", 1, 86_400),
        ("limits.headerTimeoutSeconds", 1, 600),
        ("limits.shutdownGraceSeconds", 0, 3_600),
        ("limits.maxConnectionsPerPeer", 1, 1_000_000),
        ("limits.maxPlainConnections", 1, 1_000_000),
        ("limits.maxOpenStreams", 1, 1_000_000),
        ("limits.maxStartsPerSecond", 1, 1_000_000),
        ("limits.maxPingsPerSecond", 1, 100_000),
        ("limits.maxUnsentBytes", 1 << 20, 1 << 40),
        ("limits.maxHeaderBytes", 1_024, 65_536),
        ("limits.maxHeaderFields", 8, 1_000),
        ("limits.maxTextFragments", 1, 65_536),
        ("limits.messageTimeoutSeconds", 1, 3_600),
        ("limits.closeTimeoutSeconds", 1, 600),
    ]

    private func text(_ keyPath: String, _ value: String) -> String {
        let keys = keyPath.split(separator: ".")
        return keys.reversed().reduce(value) { #"{"\#($1)": \#($0)}"# }
    }

    @Test("numbers are taken from the least to the greatest, and nothing beyond, nothing of another kind")
    func numbers() {
        for (key, lowest, highest) in Self.integers {
            for value in [lowest, highest] {
                #expect(self.error(self.text(key, "\(value)")) == nil, "\(key): \(value)")
            }
            for value in [
                "\(lowest - 1)", "\(highest + 1)", "\(Int64.min)", "\(Int64.max)", "1e300", "\(lowest).5",
                "\"\(lowest)\"",
                "true", "[]", "{}",
            ] {
                let error = self.error(self.text(key, value))
                #expect(error?.keyPath == key, "\(key): \(value)")
                #expect(error?.accepted == "a whole number from \(lowest) to \(highest)", "\(key): \(value)")
                #expect(error?.found.isEmpty == false)
            }
        }
    }

    @Test(
        "a value of the wrong kind, or none of the words, is named with what is accepted",
        arguments: [
            (#"{"listen": 8080}"#, "listen", "the number 8080", "an object"),
            (#"{"listen": []}"#, "listen", "a list of 0", "an object"),
            (#"{"listen": null}"#, "listen", "null", "an object"),
            (#"{"listen": {"host": 1}}"#, "listen.host", "the number 1", "a string"),
            (#"{"listen": {"host": null}}"#, "listen.host", "null", "a string"),
            (#"{"log": {"level": "loud"}}"#, "log.level", "\"loud\"", "one of"),
            (#"{"log": {"level": 3}}"#, "log.level", "the number 3", "one of"),
            (#"{"greeting": "polite"}"#, "greeting", "\"polite\"", "one of \"lazy\", \"off\", \"eager\""),
            (#"{"greeting": true}"#, "greeting", "true", "one of"),
            (
                #"{"security": {"allowedOrigins": "*"}}"#, "security.allowedOrigins", "the string \"*\"",
                "a list of strings"
            ),
            (#"{"security": {"allowedHosts": ["a", 1]}}"#, "security.allowedHosts[1]", "the number 1", "a string"),
        ]
    )
    func wrongKind(text: String, keyPath: String, found: String, accepted: String) {
        let error = self.error(text)
        #expect(error?.keyPath == keyPath)
        #expect(error?.found == found)
        #expect(error?.accepted.hasPrefix(accepted) == true, "\(error?.accepted ?? "-")")
    }

    @Test(
        "a path that could not be told from something else is refused",
        arguments: [
            "", "audio", "/healthz", "/a b", "/ü", "/a?b", "/a#b", "/%61", "/a\\u0000b", "http://x/audio", "/a:b",
            "/{id}",
        ]
    )
    func paths(path: String) {
        let error = self.error(#"{"listen": {"path": "\#(path)"}}"#)
        #expect(error?.keyPath == "listen.path")
        #expect(error?.accepted.contains("/audio") == true)
    }
}
