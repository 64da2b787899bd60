import Foundation
import Testing

@testable import AudioClient

@Suite("Tokens of the client")
struct BearerTokenTests {
    private static let secret = "correct-horse/battery+staple="

    @Test("a token is taken with white space around it, and never printed")
    func taken() throws {
        let token = try BearerToken(" \t\(Self.secret)\r\n", from: "the test")
        #expect(token.value == Self.secret)
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", "\(String(reflecting: token))", "\([token])", dumped] {
            #expect(!text.contains("horse"), "\(text)")
        }
        var configuration = ClientConfiguration()
        configuration.token = token
        #expect(!"\(configuration)".contains("horse"))
    }

    @Test(
        "what is no token is refused without being repeated",
        arguments: [
            "", " \n", "two words", "with\u{0}zero", "tökén", "line\r\nX: y", String(repeating: "x", count: 513),
        ]
    )
    func refused(text: String) async {
        let error = await clientError { _ = try BearerToken(text, from: "AUDIO_CACHE_TOKEN") }
        #expect(error?.code == .configuration)
        #expect(error?.sentence == "What AUDIO_CACHE_TOKEN holds is no token.")
    }

    @Test("a token file is one that nobody else can open")
    func file() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write(Array((Self.secret + "\n").utf8), to: "token")
            try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
            let error = await clientError { _ = try BearerToken(file: path) }
            #expect(error?.code == .configuration && error?.remedy.contains("chmod 600") == true)
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
            #expect(try BearerToken(file: path).value == Self.secret)
            #expect(await clientError { _ = try BearerToken(file: path + "s") }?.code == .noInput)
        }
    }
}
