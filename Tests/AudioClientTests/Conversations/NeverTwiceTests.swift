import NIOCore
import Synchronization
import Testing
import Wire

@testable import AudioClient

/// Connections that break anywhere, in numbers that a seed decides. The seed is the test's argument.
@Suite("Over any number of broken connections no byte is lost and none comes twice")
struct NeverTwiceTests {
    /// What a gateway keeps between connections.
    private final class Store: Sendable {
        private struct State {
            var bytes: [UInt8] = []
            var isSealed = false
        }

        private let state = Mutex(State())
        var bytes: [UInt8] { self.state.withLock { $0.bytes } }
        var isSealed: Bool { self.state.withLock { $0.isSealed } }
        func append(_ bytes: [UInt8]) { self.state.withLock { $0.bytes += bytes } }
        func seal() { self.state.withLock { $0.isSealed = true } }
    }

    @Test("uploading", arguments: 1...25)
    func uploads(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let audio = random.bytes(Int.random(in: 0...900_000, using: &random))
        let store = Store()
        // How many frames each connection takes before it breaks; none: not even the START is answered.
        let breaks = (0..<Int.random(in: 0...6, using: &random)).map { _ in Int.random(in: 0...4, using: &random) }
        let losesTheLastAnswer = Bool.random(using: &random)
        let scripts = breaks.map { frames -> ScriptedServer.Script in
            { peer in try await Self.take(frames, of: peer, store) }
        }
        let stopping: ScriptedServer.Script = { peer in
            guard try await Self.begin(peer, store) else { return }
            let upload = try await peer.expectUpload()
            store.append(Array(upload.frames.joined()))
            store.seal()
            if losesTheLastAnswer { return try await peer.drop() }
            try await peer.say(#"{"type":"STOPPED","size":\#(store.bytes.count),"requestId":1}"#)
        }
        let last: [ScriptedServer.Script] = losesTheLastAnswer ? [{ _ = try await Self.begin($0, store) }] : []
        let summary = try await ScriptedServer.inTurn(scripts + [stopping] + last) { url in
            try await UploadManager(client: url.client(retries: 20))
                .upload(MemoryChunkSource(ByteBuffer(bytes: audio)))
        }
        #expect(store.bytes == audio)
        #expect(summary.size == Int64(audio.count))
        #expect(summary.resumptions == breaks.count + last.count)
    }

    /// Answers START.
    private static func begin(_ peer: ScriptedPeer, _ store: Store) async throws -> Bool {
        try await peer.shakeHandsAsGateway()
        try await peer.expectStart()
        guard !store.isSealed else {
            try await peer.say(#"{"type":"ERROR","code":"stream_exists","message":"Sealed.","requestId":1}"#)
            try await peer.expectInfo()
            try await peer.say(
                #"{"type":"INFO","streamId":"stream-1","state":"sealed","size":\#(store.bytes.count),"requestId":1}"#
            )
            return false
        }
        try await peer.say(#"{"type":"STARTED","offset":\#(store.bytes.count),"requestId":1}"#)
        return true
    }

    /// Takes so many frames, or all up to STOP, which is not answered, and breaks.
    private static func take(_ frames: Int, of peer: ScriptedPeer, _ store: Store) async throws {
        if frames == 0 {
            try await peer.shakeHandsAsGateway()
            try await peer.expectStart()
            return try await peer.drop()
        }
        guard try await self.begin(peer, store) else { return }
        for _ in 0..<frames {
            guard case .bytes(let bytes) = try await peer.next() else { break }
            store.append(bytes)
        }
        try await peer.drop()
    }

    @Test("following", arguments: 1...25)
    func tails(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let audio = random.bytes(Int.random(in: 0...600_000, using: &random))
        let count = Int.random(in: 0...7, using: &random)
        let scripts = (0...count).map { index -> ScriptedServer.Script in
            let seed = random.next()
            return { peer in try await Self.send(audio, to: peer, seed: seed, isLast: index == count) }
        }
        let (sink, summary) = try await ScriptedServer.inTurn(scripts) { url in
            try await TailManager(client: url.client(retries: 20)).tail("stream-1", into: MemorySink())
        }
        #expect(Array(sink.bytes.readableBytesView) == audio)
        #expect(summary.isVerified && summary.resumptions == count)
    }

    /// Sends some of a stream, from where it is asked for or a little before, and breaks somewhere in a frame.
    private static func send(_ audio: [UInt8], to peer: ScriptedPeer, seed: UInt64, isLast: Bool) async throws {
        var random = SeededGenerator(seed: seed)
        try await peer.shakeHandsAsGateway()
        let asked = Int(try await peer.expectSubscribe())
        if !isLast, Int.random(in: 0..<5, using: &random) == 0 { return try await peer.drop() }
        var offset = max(0, asked - (Bool.random(using: &random) ? 0 : Int.random(in: 0...50_000, using: &random)))
        try await peer.saySubscribed(Int64(offset))
        let frames = isLast ? Int.max : Int.random(in: 0...5, using: &random)
        var sent = 0
        while sent < frames, offset < audio.count {
            let length = min(audio.count - offset, Int.random(in: 1...65_536, using: &random))
            try await peer.frame(.binary, Array(audio[offset..<(offset + length)]))
            offset += length
            sent += 1
        }
        if isLast { return try await peer.sayEnd(audio.count, sha256: StreamHasher.sha256(audio)) }
        let part = min(audio.count - offset, Int.random(in: 0...900, using: &random))
        try await peer.raw([0x82, 126, 3, 0xE8] + audio[offset..<(offset + part)])
        try await peer.drop()
    }

    @Test("downloading", arguments: 1...25)
    func downloads(seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let audio = random.bytes(Int.random(in: 1...900_000, using: &random))
        let have = Int.random(in: 0...audio.count, using: &random)
        let breaks =
            have == audio.count
            ? []
            : (0..<Int.random(in: 0...5, using: &random)).map { _ in
                Int.random(in: 0...900, using: &random)
            }
        let scripts = (0...breaks.count).map { index -> ScriptedServer.Script in
            { peer in
                try await Self.answer(
                    peer,
                    audio,
                    isFirst: index == 0,
                    part: index < breaks.count ? breaks[index] : nil
                )
            }
        }
        try await TemporaryDirectory.with { directory in
            let path = try directory.write(Array(audio[..<have]), to: "out")
            let summary = try await ScriptedServer.inTurn(scripts) { url in
                try await DownloadManager(client: url.client(retries: 20))
                    .download("stream-1", goingOnWith: GrowingFile(path, isResuming: true))
            }
            #expect(summary.size == Int64(audio.count) && summary.resumptions == breaks.count)
            #expect(try await Verification.compare(directory.write(audio, to: "expected"), path).isEqual)
        }
    }

    /// Answers INFO, and all GETs, or a part of the first one.
    private static func answer(_ peer: ScriptedPeer, _ audio: [UInt8], isFirst: Bool, part: Int?) async throws {
        try await peer.shakeHandsAsGateway()
        if isFirst {
            try await peer.expectInfo()
            let digest = StreamHasher.sha256(audio)
            try await peer.say(
                #"{"type":"INFO","streamId":"stream-1","state":"sealed","size":\#(audio.count),"sha256":"\#(digest)","requestId":1}"#
            )
        }
        while case .message(.get(let get)) = try await peer.next() {
            let bytes = Array(audio[Int(get.offset)..<Int(get.offset + get.length)])
            guard let part else {
                try await peer.frame(.binary, bytes)
                continue
            }
            var frame = ByteBuffer()
            frame.writeFrame(.binary, payload: ByteBuffer(bytes: bytes))
            try await peer.raw(
                Array(frame.readableBytesView.prefix(part)).dropLast(part >= frame.readableBytes ? 1 : 0)
            )
            return try await peer.drop()
        }
    }
}
