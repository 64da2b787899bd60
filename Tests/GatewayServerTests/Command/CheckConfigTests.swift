import CacheProtocol
import Foundation
import TestSupport
import Testing

@testable import GatewayServer

@Suite(
    "The gateway's command line",
    .enabled(if: GatewayProcess.executable != nil, "the gateway is not built"),
    .timeLimit(.minutes(5))
)
struct CheckConfigTests {
    struct BadConfig: Sendable, CustomTestStringConvertible {
        var text: String?
        var keyPath: String
        var found: String
        var accepted: String
        var testDescription: String { self.text ?? "no file" }

        init(_ text: String?, _ keyPath: String, _ found: String, _ accepted: String) {
            self.text = text
            self.keyPath = keyPath
            self.found = found
            self.accepted = accepted
        }
    }

    static let badConfigs = [
        BadConfig(nil, "(the whole file)", "nothing readable (No such file or directory)", "a JSON file"),
        BadConfig("", "(the whole file)", "nothing", "one JSON object"),
        BadConfig("listen: 8080", "(the whole file)", "text that is not JSON", "one JSON object"),
        BadConfig("[]", "(the whole file)", "a list of 0", "an object"),
        BadConfig("{}", "backend.type", "nothing", "a string; this key is required"),
        BadConfig(#"{"backend": {"type": "tape"}}"#, "backend.type", "\"tape\"", "one of \"memory\""),
        BadConfig(#"{"backend": {"type": 5}}"#, "backend.type", "the number 5", "a string"),
        BadConfig(#"{"backend": "mmap"}"#, "backend", "the string \"mmap\"", "an object"),
        BadConfig(
            #"{"backend": {"type": "mmap", "directroy": "x"}}"#,
            "backend.directroy",
            "an unknown key",
            "did you mean \"directory\"?"
        ),
        BadConfig(
            #"{"backend": {"type": "mmap", "directory": ""}}"#,
            "backend.directory",
            "an empty string",
            "the path of a directory"
        ),
        BadConfig(
            #"{"backend": {"type": "mmap", "digest": "md5"}}"#,
            "backend.digest",
            "\"md5\"",
            "one of \"sha256\", \"none\""
        ),
        BadConfig(
            #"{"backend": {"type": "mmap", "ioThreads": 0}}"#,
            "backend.ioThreads",
            "the number 0",
            "a whole number from 1 to 256"
        ),
        BadConfig(
            #"{"lisen": {}, "backend": {"type": "mmap"}}"#,
            "lisen",
            "an unknown key",
            "did you mean \"listen\"?"
        ),
        BadConfig(
            #"{"listen": {"port": 65536}, "backend": {"type": "mmap"}}"#,
            "listen.port",
            "the number 65536",
            "a whole number from 0 to 65535"
        ),
        BadConfig(
            #"{"listen": {"port": "8080"}, "backend": {"type": "mmap"}}"#,
            "listen.port",
            "the string \"8080\"",
            "a whole number from 0 to 65535"
        ),
        BadConfig(#"{"greeting": "loud", "backend": {"type": "mmap"}}"#, "greeting", "\"loud\"", "one of \"lazy\""),
    ]

    @Test(
        "a bad configuration ends with 78 and one line: the file, the key, what is there, what may be",
        arguments: badConfigs
    )
    func bad(config: BadConfig) async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let file = directory.file("gateway.json")
            if let text = config.text { try text.write(toFile: file, atomically: true, encoding: .utf8) }
            // With the flag, and without: nothing is begun in either case.
            for flags in [["--check-config"], []] {
                let (status, output, errors) = try await GatewayProcess.run(["--config", file] + flags, in: directory)
                #expect(status == 78)
                #expect(output.isEmpty)
                #expect(errors.hasPrefix("gateway: \(file): \(config.keyPath): found \(config.found)"), "\(errors)")
                #expect(errors.contains("; accepted: ") && errors.contains(config.accepted), "\(errors)")
                #expect(errors.filter { $0 == "\n" }.count == 1)
                #expect(!directory.contents.contains("cache"))
            }
        }
    }

    @Test("a good configuration is printed as it is in force, flags and defaults included, and nothing is begun")
    func good() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let file = directory.file("gateway.json")
            let text = #"{"listen": {"port": 1}, "security": {"insecure": true}, "backend": {"type": "mmap"}}"#
            try text.write(toFile: file, atomically: true, encoding: .utf8)
            let flags = [
                "--port", "2", "--host", "0.0.0.0", "--path", "/x", "--cache-dir", "elsewhere", "--log-level", "debug",
            ]
            let (status, output, errors) = try await GatewayProcess.run(
                ["--config", file, "--check-config"] + flags,
                in: directory
            )
            #expect(status == 0 && errors.isEmpty)
            let values = try ConfigFile.parse(Array(output.utf8), file: "-")
            #expect(
                values["listen"] == .object(["port": .integer(2), "host": .string("0.0.0.0"), "path": .string("/x")])
            )
            #expect(values["log"] == .object(["level": .string("debug"), "format": .string("text")]))
            guard case .object(let backend) = values["backend"] else { throw RawPeer.Surprise("no backend") }
            #expect(backend["type"] == .string("mmap") && backend["directory"] == .string("elsewhere"))
            #expect(directory.contents == ["err", "gateway.json", "out"])
            // What is printed is a configuration, and says the same.
            try output.write(toFile: file, atomically: true, encoding: .utf8)
            let again = try await GatewayProcess.run(["--config", file, "--check-config"], in: directory)
            #expect(again.output == output && again.status == 0)
        }
    }

    @Test("without a file the defaults are in force")
    func builtIn() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let (status, output, _) = try await GatewayProcess.run(["--check-config"], in: directory)
            #expect(status == 0)
            let values = try ConfigFile.parse(Array(output.utf8), file: "-")
            #expect(
                values["listen"]
                    == .object(["port": .integer(8_080), "host": .string("127.0.0.1"), "path": .string("/audio")])
            )
            #expect(directory.contents == ["err", "out"])
        }
    }

    @Test(
        "a flag is as strict as the file",
        arguments: [
            (["--port", "65536"], 78, "listen.port"), (["--path", "audio"], 78, "listen.path"),
            (["--log-level", "loud"], 78, "log.level"), (["--cache-dir", ""], 78, "backend.directory"),
            (["--port", "x"], 64, "--port"), (["--prot", "1"], 64, "--prot"), (["extra"], 64, "extra"),
        ]
    )
    func flags(arguments: [String], status: Int32, names: String) async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let result = try await GatewayProcess.run(arguments + ["--check-config"], in: directory)
            #expect(result.status == status)
            #expect(result.errors.contains(names), "\(result.errors)")
        }
    }
}
