import NIOCore
import Testing

@testable import AudioClient

@Suite("Verification, measurement and files")
struct VerificationTests {
    static let abc = StreamDigests(
        size: 3,
        md5: "900150983cd24fb0d6963f7d28e17f72",
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )

    @Test("digests are those of RFC 1321 and FIPS 180-4, however the bytes are cut")
    func vectors() {
        var whole = StreamHasher()
        whole.update(ByteBuffer(string: "abc"))
        #expect(whole.finish() == Self.abc)
        var pieces = StreamHasher()
        for piece in ["a", "", "bc"] { pieces.update(ByteBuffer(string: piece)) }
        #expect(pieces.finish() == Self.abc)
        #expect(StreamHasher().finish().md5 == "d41d8cd98f00b204e9800998ecf8427e")
    }

    @Test("files are compared whole, also where they are longer than a block")
    func files() async throws {
        try await TemporaryDirectory.with { directory in
            var generator = SeededGenerator(seed: 4)
            var bytes = generator.bytes((256 << 10) * 2)
            let first = try directory.write(bytes, to: "a")
            let same = try directory.write(bytes, to: "b")
            #expect(try await Verification.compare(first, same).isEqual)
            bytes[bytes.count - 1] ^= 1
            let other = try await Verification.compare(first, try directory.write(bytes, to: "c"))
            #expect(other.isSizeEqual && !other.isMD5Equal && !other.isSHA256Equal && !other.isEqual)
            let longer = try await Verification.compare(first, try directory.write(bytes + [0], to: "d"))
            #expect(!longer.isSizeEqual && !longer.isEqual)
            #expect(
                try await Verification.sha256(ofFile: directory.write(Array("abc".utf8), to: "e")) == Self.abc.sha256
            )
        }
    }

    @Test("a file that is not there, or is none, is named")
    func missing() async {
        for path in ["/nowhere/at/all.wav", "/"] {
            let error = await clientError { _ = try await Verification.digests(ofFile: path) }
            #expect(error?.code == .noInput)
            #expect(error?.sentence.contains(path) == true)
        }
    }

    @Test("an output file that is not finished leaves what was there before")
    func outputs() async throws {
        try await TemporaryDirectory.with { directory in
            let path = try directory.write([1, 2, 3], to: "out")
            let failure = await clientError {
                try await OutputFile.write(path) { output async throws(ClientError) in
                    var sink = FileChunkSink(output)
                    try sink.write(ByteBuffer(bytes: [9, 9]))
                    #expect(directory.names.count == 2)
                    throw ClientError(.io, "stop")
                }
            }
            #expect(failure?.sentence == "stop")
            #expect(directory.names == ["out"])
            #expect(try await Verification.digests(ofFile: path).size == 3)

            try await OutputFile.write(path) { output async throws(ClientError) in
                var sink = FileChunkSink(output)
                try sink.write(ByteBuffer(string: "a"))
                try sink.write(ByteBuffer(string: "bc"))
            }
            #expect(directory.names == ["out"])
            #expect(try await Verification.digests(ofFile: path) == Self.abc)
        }
    }

    @Test("an output that can't be made is refused before anything is asked of the server")
    func badOutputs() async {
        for path in ["/nowhere/at/all.wav", "/tmp", "/tmp/"] {
            let error = await clientError { try await OutputFile.write(path) { _ async throws(ClientError) in } }
            #expect(error?.code == .cannotCreate, "\(path)")
        }
    }

    @Test("a source in memory may be repeated, read again, and ends where it should")
    func memory() throws {
        var source = MemoryChunkSource(ByteBuffer(bytes: [1, 2, 3]), repeatedTo: 8)
        #expect(source.size == 8)
        func read(_ count: Int) throws -> [UInt8] {
            var target = [UInt8](repeating: 0, count: count)
            let done = try target.withUnsafeMutableBytes { try source.read(into: $0) }
            return Array(target.prefix(done))
        }
        #expect(try read(5) == [1, 2, 3, 1, 2])
        #expect(try read(5) == [3, 1, 2])
        #expect(try read(5) == [])
        try source.seek(to: 4)
        #expect(try read(9) == [2, 3, 1, 2])
        #expect(MemoryChunkSource(ByteBuffer(), repeatedTo: 5).size == 0)
    }

    // MARK: Measurement

    @Test("throughput is counted in megabits, and the average over both ways' bytes and times")
    func throughput() {
        var meter = TransferMeter()
        #expect(meter.upload.megabitsPerSecond == 0)
        meter.recordUpload(bytes: 25_000_000, duration: .seconds(2))
        meter.recordDownload(bytes: 25_000_000, duration: .seconds(1))
        #expect(meter.upload.megabitsPerSecond == 100)
        #expect(meter.download.megabitsPerSecond == 200)
        #expect(!meter.meetsUploadTarget && !meter.meetsDownloadTarget, "the targets are to be exceeded")
        #expect(abs(meter.average.megabitsPerSecond - 400.0 / 3) < 1e-9)
        meter.recordUpload(bytes: 1_000_000, duration: .zero)
        meter.recordDownload(bytes: 1_000_000, duration: .zero)
        #expect(meter.meetsUploadTarget && meter.meetsDownloadTarget)
    }

    @Test("progress is one short line")
    func progress() {
        #expect(ProgressBar.amount(999) == "999 B")
        #expect(ProgressBar.amount(1_500) == "1.5 kB")
        #expect(ProgressBar.amount(999_949) == "999.9 kB")
        #expect(ProgressBar.amount(999_951) == "1.0 MB")
        #expect(ProgressBar.amount(.max) == "9.2 EB")
        #expect(ProgressBar.line("upload", done: 5, total: nil) == "upload  5 B")
        for done in [0, 1, 50, 99, 100, 200] as [Int64] {
            let line = ProgressBar.line("download", done: done * 10_000_000, total: 1_000_000_000)
            #expect(line.count <= 80 && !line.contains("\n"))
        }
        #expect(ProgressBar.line("x", done: 1, total: 2).contains("###...") == true)
    }

    // MARK: Audio

    @Test("the sample is a WAV file: RIFF header, 16 bits, stereo, 48 kHz, and sound that begins and ends silent")
    func wav() {
        let bytes = SampleAudio.wav(seconds: 2)
        func word(_ offset: Int) -> Int { (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << ($1 * 8) } }
        func half(_ offset: Int) -> Int { Int(bytes[offset]) | Int(bytes[offset + 1]) << 8 }
        func text(_ offset: Int) -> String { String(decoding: bytes[offset..<(offset + 4)], as: UTF8.self) }
        #expect(bytes.count == 44 + 2 * 48_000 * 4)
        #expect(text(0) == "RIFF" && word(4) == bytes.count - 8 && text(8) == "WAVE")
        #expect(text(12) == "fmt " && word(16) == 16 && half(20) == 1 && half(22) == 2)
        #expect(word(24) == 48_000 && word(28) == 192_000 && half(32) == 4 && half(34) == 16)
        #expect(text(36) == "data" && word(40) == bytes.count - 44)
        #expect(half(44) == 0 && half(46) == 0)
        let samples = stride(from: 44, to: bytes.count, by: 2).map { abs(Int(Int16(truncatingIfNeeded: half($0)))) }
        let loudest = samples.max() ?? 0
        #expect(loudest > 10_000 && loudest < 32_767)
        #expect(samples.suffix(20).allSatisfy { $0 < 200 })
    }

    @Test("media types are known by the ends of names")
    func types() {
        #expect(AudioType.mediaType(ofFile: "/a.b/song.MP3") == "audio/mpeg")
        #expect(AudioType.mediaType(ofFile: "x.opus") == "audio/ogg")
        for path in ["song", ".wav", "a.wav/b", "song.", "notes.txt", ""] {
            #expect(AudioType.mediaType(ofFile: path) == nil, "\(path)")
        }
    }
}
