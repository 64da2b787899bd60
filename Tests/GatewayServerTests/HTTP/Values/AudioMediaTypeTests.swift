import TestSupport
import Testing

@testable import GatewayServer

@Suite("The media type under which a stream is served")
struct AudioMediaTypeTests {
    private static func bytes(_ text: String, padding: Int = 40) -> [UInt8] {
        Array(text.utf8) + Array(repeating: 0, count: padding)
    }

    @Test(
        "the first bytes tell the kinds that are common",
        arguments: [
            (bytes("RIFF\u{1}\u{1}\u{1}\u{1}WAVEfmt "), "audio/wav"), (bytes("ID3\u{4}"), "audio/mpeg"),
            ([0xFF, 0xFB, 0x90, 0x64], "audio/mpeg"), ([0xFF, 0xF3, 0x44, 0xC4], "audio/mpeg"),
            (bytes("fLaC"), "audio/flac"), (bytes("OggS"), "audio/ogg"),
            (Array("OggS".utf8) + Array(repeating: 0, count: 24) + Array("OpusHead".utf8), "audio/ogg; codecs=opus"),
            ([], "application/octet-stream"), (bytes("RIFF\u{1}\u{1}\u{1}\u{1}AVI "), "application/octet-stream"),
            (bytes("<html><script>"), "application/octet-stream"),
            ([0xFF, 0xFF, 0xFF, 0xFF], "application/octet-stream"),
            // AAC in ADTS has layer 0; a reserved version; a reserved rate.
            ([0xFF, 0xF1, 0x50, 0x80], "application/octet-stream"),
            ([0xFF, 0xEB, 0x90, 0x64], "application/octet-stream"),
            ([0xFF, 0xFB, 0x9C, 0x64], "application/octet-stream"), ([0xFF, 0xFB], "application/octet-stream"),
        ] as [([UInt8], String)]
    )
    func sniffing(bytes: [UInt8], type: String) {
        #expect(AudioMediaType(sniffing: bytes).fieldValue == type)
    }

    @Test(
        "what a writer declares is served where it is audio",
        arguments: [
            "audio/mpeg", "AUDIO/x-wav", "audio/webm;codecs=opus", "audio/ogg; codecs=\"opus, vorbis\"",
            "audio/L16;rate=8000 ;",
        ]
    )
    func audio(declared: String) { #expect(AudioMediaType(declared: declared)?.fieldValue == declared) }

    @Test(
        "and as bytes where it is anything else",
        arguments: [
            "", "audio/", "audio", "text/html", "image/svg+xml", "video/mp4", "multipart/mixed",
            "audio/mpeg, text/html",
            "audio/mpeg\r\nX: y", "audio/mpeg; x", "audio/mpeg; x=\"", "audio/mpeg; x=\"\n\"", "audio\u{F}mpeg",
            "audio/m p", " audio/mpeg", "ａudio/mpeg", "audio/mpeg;charset=ü", "\u{1}audio/mpeg",
        ]
    )
    func notAudio(declared: String) { #expect(AudioMediaType(declared: declared) == .unknown) }

    @Test("whatever is declared or found, it is audio or bytes, and in one line of ASCII")
    func anything() throws {
        try checkProperty(runs: 500) { random in
            var text = Array("audio/mpeg; a=\"b\"".utf8)
            for _ in 0..<Int.random(in: 0...3, using: &random) {
                let index = Int.random(in: 0..<text.count, using: &random)
                text[index] = UInt8.random(in: 0...255, using: &random)
            }
            let types = [
                AudioMediaType(declared: String(decoding: text, as: UTF8.self)) ?? .unknown,
                AudioMediaType(sniffing: random.bytes(64)),
            ]
            for type in types {
                try #require(type.fieldValue.lowercased().hasPrefix("audio/") || type == .unknown)
                try #require(type.fieldValue.utf8.allSatisfy { $0 == 9 || (0x20..<0x7F).contains($0) })
            }
        }
    }

    @Test("a saved file has the name that its kind has")
    func extensions() {
        for (type, name) in [
            ("audio/mpeg", ".mp3"), ("audio/ogg; codecs=opus", ".opus"), ("audio/ogg", ".ogg"),
            ("audio/webm;codecs=opus", ".webm"),
            ("audio/strange", ""),
        ] {
            #expect(AudioMediaType(declared: type)?.fileExtension == name)
        }
    }
}
