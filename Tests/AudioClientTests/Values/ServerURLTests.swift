import Testing

@testable import AudioClient

@Suite("Server URLs")
struct ServerURLTests {
    @Test(
        "a ws URL is taken apart, and used exactly as given",
        arguments: [
            ("ws://localhost:8080/audio", "localhost", 8080, "/audio", "localhost:8080"),
            ("WS://Example.COM", "Example.COM", 80, "/", "Example.COM"),
            ("ws://example.com/", "example.com", 80, "/", "example.com"),
            ("ws://example.com:80/a//b/../c?x=%20&y", "example.com", 80, "/a//b/../c?x=%20&y", "example.com"),
            ("ws://h?q=1", "h", 80, "/?q=1", "h"),
            ("ws://127.0.0.1:1/x", "127.0.0.1", 1, "/x", "127.0.0.1:1"),
            ("ws://[::1]:65535/audio", "::1", 65_535, "/audio", "[::1]:65535"),
            ("ws://[fe80::1]/", "fe80::1", 80, "/", "[fe80::1]"),
        ]
    )
    func accepted(text: String, host: String, port: Int, target: String, field: String) throws {
        let url = try ServerURL(text)
        #expect(url.text == text)
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.target == target)
        #expect(url.hostField == field)
    }

    @Test("a wss URL is encrypted, and has a port of its own where it names none")
    func secure() throws {
        let url = try ServerURL("wss://Example.com/audio")
        #expect(url.isSecure && url.port == 443 && url.hostField == "Example.com" && url.target == "/audio")
        #expect(try ServerURL("wss://h:80/").hostField == "h:80" && ServerURL("ws://h:443/").hostField == "h:443")
        #expect(try !ServerURL("ws://h/").isSecure)
    }

    @Test(
        "anything else is refused, and says why",
        arguments: [
            ("", "no scheme"), ("localhost:8080", "no scheme"), ("http://localhost/", "scheme is http"),
            ("wsss://localhost/", "not ws or wss"), ("ws://", "no host"), ("ws:///audio", "no host"),
            ("ws://:80/", "no host"), ("ws://h:0/", "port"), ("ws://h:65536/", "port"), ("ws://h:/", "port"),
            ("ws://h:+80/", "port"), ("ws://h:80x/", "port"), ("ws://h:00000000080/", "port"),
            ("ws://user:secret@h/", "passwords"), ("ws://h/#a", "fragment"), ("ws://h/a b", "space"),
            ("ws://h/\r\nX: y", "printable"), ("ws://h/ü", "printable"), ("ws://::1/", "brackets"),
            ("ws://[::1/", "bracket"), ("ws://[::1]x/", "bracket"), ("ws://[abc]/", "IPv6"), ("ws://h$/", "host"),
        ]
    )
    func refused(text: String, words: String) async {
        let error = await clientError { _ = try ServerURL(text) }
        #expect(error?.code == .usage)
        #expect(error?.sentence.contains(words) == true, "\(String(describing: error))")
        #expect(error?.sentence.contains("\r") == false)
    }
}
