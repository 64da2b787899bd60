import CacheInspect
import TestSupport
import Testing

@Suite("The header of an audio file says what it is")
struct AudioProbeTests {
    @Test("a real MP3 with a LAME header: the sound without the encoder's silence")
    func mp3() throws {
        let header = try #require(AudioProbe.header(of: try SampleFile.bytes("hello.mp3")))
        #expect(header.codec == "MP3")
        #expect(header.channels == 1)
        #expect(header.sampleRate == 16_000)
        #expect(header.duration == 13.335)
        #expect(!header.isDurationEstimated)
        #expect(header.sentence == "MP3, 1 channel, 16000 Hz, 0:13.3")
    }

    @Test("a real Ogg Opus: the last granule position less the pre-skip")
    func opus() throws {
        let header = try #require(AudioProbe.header(of: try SampleFile.bytes("hello.opus")))
        #expect(header.container == .ogg)
        #expect(header.codec == "Opus")
        #expect(header.channels == 1)
        #expect(header.sampleRate == 48_000)
        #expect(header.duration == 13.335)
        #expect(header.sentence == "Opus in Ogg, 1 channel, 48000 Hz, 0:13.3")
    }

    @Test("a WAV file, with chunks before the sound and without")
    func wav() throws {
        for extra in [
            [], AudioFiles.chunk("LIST", [1, 2, 3]), AudioFiles.chunk("JUNK", [UInt8](repeating: 0, count: 300_000)),
        ] {
            let header = try #require(AudioProbe.header(of: AudioFiles.wav(seconds: 2, extra: extra)))
            #expect(header.codec == "PCM")
            #expect(header.channels == 2)
            #expect(header.sampleRate == 8_000)
            #expect(header.bitsPerSample == 16)
            #expect(header.duration == 2)
        }
    }

    @Test("a WAV file that was never finished plays to its end", arguments: [0, 0xFFFF_FFFF] as [UInt32])
    func openWAV(_ size: UInt32) throws {
        let header = try #require(AudioProbe.header(of: AudioFiles.wav(seconds: 3, declaring: size)))
        #expect(header.duration == 3)
    }

    @Test("a WAV file that was cut short plays as long as there is sound")
    func cutWAV() throws {
        let whole = AudioFiles.wav(seconds: 4)
        let header = try #require(AudioProbe.header(of: Array(whole.prefix(44 + 32_000))))
        #expect(header.duration == 1)
    }

    @Test("an RF64 file has its length in another place")
    func rf64() throws {
        let header = try #require(AudioProbe.header(of: AudioFiles.rf64(seconds: 2)))
        #expect(header.duration == 2)
        #expect(header.codec == "PCM")
    }

    @Test("a FLAC file says everything in its first block, also behind a tag")
    func flac() throws {
        let file = AudioFiles.flac(rate: 44_100, channels: 2, bits: 24, samples: 441_000)
        for prefix in [[], AudioFiles.id3(length: 200_000)] {
            let header = try #require(AudioProbe.header(of: prefix + file))
            #expect(header.container == .flac)
            #expect(header.channels == 2)
            #expect(header.sampleRate == 44_100)
            #expect(header.bitsPerSample == 24)
            #expect(header.duration == 10)
        }
    }

    @Test("a FLAC file whose length was not known when it began has no duration")
    func openFLAC() throws {
        let header = try #require(
            AudioProbe.header(of: AudioFiles.flac(rate: 48_000, channels: 1, bits: 16, samples: 0))
        )
        #expect(header.duration == nil)
    }

    @Test("an MP3 without a header of its own is estimated from its bit rate, tags left out")
    func plainMP3() throws {
        // 128 kbit/s, 44.1 kHz, stereo: 417 bytes a frame.
        let frame: [UInt8] = [0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: 0, count: 413)
        let sound = Array(repeatElement(frame, count: 100).joined())
        let tag = Array("TAG".utf8) + [UInt8](repeating: 0, count: 125)
        let header = try #require(AudioProbe.header(of: AudioFiles.id3(length: 100_000) + sound + tag))
        #expect(header.codec == "MP3")
        #expect(header.channels == 2)
        #expect(header.sampleRate == 44_100)
        #expect(header.isDurationEstimated)
        #expect(header.duration == Double(41_700 * 8) / 128_000)
    }

    @Test("an MP3 with a VBRI header has the frames that it says")
    func vbri() throws {
        var frame: [UInt8] = [0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: 0, count: 413)
        frame.replaceSubrange(36..<40, with: "VBRI".utf8)
        frame.replaceSubrange(50..<54, with: [0, 0, 1, 0])
        let next: [UInt8] = [0xFF, 0xFB, 0x90, 0x00] + [UInt8](repeating: 0, count: 413)
        let header = try #require(AudioProbe.header(of: frame + next + next))
        #expect(header.duration == 256 * 1_152 / 44_100.0)
    }

    @Test(
        "what is no audio has no header",
        arguments: [[], Array("hello, this is text".utf8), [0xFF, 0xFB, 0x90, 0x00]] as [[UInt8]]
    )
    func none(_ bytes: [UInt8]) { #expect(AudioProbe.header(of: bytes) == nil) }

    @Test("no bytes whatever trap, or go on for ever")
    func garbage() throws {
        let seeds: [[UInt8]] = [
            [], Array("RIFF".utf8), Array("OggS\0".utf8), Array("fLaC".utf8), Array("ID3".utf8), [0xFF, 0xFB],
            AudioFiles.wav(seconds: 1), AudioFiles.rf64(seconds: 1),
            AudioFiles.flac(rate: 8_000, channels: 1, bits: 8, samples: 9),
            Array(try SampleFile.bytes("hello.mp3").prefix(3_000)),
            Array(try SampleFile.bytes("hello.opus").prefix(3_000)),
        ]
        try checkProperty(runs: 2_000) { random in
            var bytes = seeds.randomElement(using: &random) ?? []
            if bytes.count < 16 { bytes += random.bytes(Int.random(in: 0...400, using: &random)) }
            for _ in 0..<Int.random(in: 0...12, using: &random) where !bytes.isEmpty {
                // Headers are where it matters.
                let place = Int.random(in: 0..<min(bytes.count, 120), using: &random)
                bytes[place] =
                    [0, 1, 0x7F, 0x80, 0xFF, UInt8.random(in: 0...255, using: &random)]
                    .randomElement(using: &random) ?? 0
            }
            if Bool.random(using: &random) { bytes.removeLast(Int.random(in: 0...bytes.count, using: &random)) }
            // A file that is said to be longer than what can be read of it, too.
            let size = Bool.random(using: &random) ? Int64(bytes.count) : Int64(random.next() >> 1)
            var probe = AudioProbe(size: size)
            var reads = 0
            while case .read(let offset, let count) = probe.step() {
                try #require(offset >= 0 && count > 0 && Int64(count) <= size - offset)
                let at = Int(min(offset, Int64(bytes.count)))
                probe.add(Array(bytes[at...].prefix(count)), at: offset)
                reads += 1
                try #require(reads <= AudioProbe.maximumReads)
            }
            if case .found(let header) = probe.step() {
                try #require(header.duration ?? 0 >= 0)
                _ = header.sentence
            }
        }
    }
}
