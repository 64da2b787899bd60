import NIOCore
import Testing
import Wire

@testable import AudioClient

@Suite("A round trip")
struct RoundTripTests {
    /// Keeps one stream, and gives it back, perhaps with a change.
    private func keeping(change: @escaping @Sendable ([UInt8]) -> [UInt8]) -> (
        ScriptedServer.Script, ScriptedServer.Script
    ) {
        let (stored, store) = AsyncStream<[UInt8]>.makeStream()
        return (
            { peer in
                try await peer.shakeHands()
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED"}"#)
                store.yield(Array(try await peer.expectUpload().frames.joined()))
                store.finish()
                try await peer.say(#"{"type":"STOPPED"}"#)
            },
            { peer in
                var bytes: [UInt8] = []
                for await part in stored { bytes = change(part) }
                try await peer.shakeHands()
                while case .message(.get(let get)) = try await peer.next() {
                    let start = min(Int(get.offset), bytes.count)
                    try await peer.frame(.binary, Array(bytes[start..<min(start + Int(get.length), bytes.count)]))
                }
            }
        )
    }

    @Test("what comes back the same is reported as the same, with both speeds")
    func same() async throws {
        try await TemporaryDirectory.with { directory in
            let input = try directory.write(SampleAudio.wav(seconds: 1), to: "in.wav")
            let scripts = self.keeping { $0 }
            let report = try await ScriptedServer.inTurn([scripts.0, scripts.1]) { url in
                try await RoundTrip(client: url.client()).run(input: input, output: "\(directory.path)/out.wav")
            }
            #expect(report.verification.isEqual)
            #expect(report.upload.streamID.hasPrefix("stream-"))
            #expect(report.meter.upload.bytes == 192_044 && report.meter.download.bytes == 192_044)
            #expect(report.meter.upload.megabitsPerSecond > 0 && report.meter.download.megabitsPerSecond > 0)
            #expect(try await Verification.compare(input, "\(directory.path)/out.wav").isEqual)
        }
    }

    @Test("one changed bit is found")
    func different() async throws {
        try await TemporaryDirectory.with { directory in
            let input = try directory.write(SampleAudio.wav(seconds: 1), to: "in.wav")
            let scripts = self.keeping { bytes in
                var bytes = bytes
                bytes[100_000] ^= 4
                return bytes
            }
            let report = try await ScriptedServer.inTurn([scripts.0, scripts.1]) { url in
                try await RoundTrip(client: url.client()).run(input: input, output: "\(directory.path)/out.wav")
            }
            #expect(!report.verification.isEqual && report.verification.isSizeEqual)
        }
    }
}
