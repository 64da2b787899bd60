import CacheInspect
import TestSupport
import Testing

@Suite("Sizes, times and samples are read as the help says")
struct AmountTests {
    @Test(
        "a size is read in powers of 1,024",
        arguments: [
            ("0", 0), ("512", 512), ("512B", 512), ("10K", 10_240), ("10k", 10_240), ("1.5M", 1_572_864),
            ("2G", 2_147_483_648), ("2GiB", 2_147_483_648), ("7E", 8_070_450_532_247_928_832), ("0.5K", 512),
        ] as [(String, Int64)]
    )
    func sizes(_ text: String, _ bytes: Int64) { #expect(ByteAmount.parse(text) == bytes) }

    @Test(
        "what is no size is refused",
        arguments: [
            "", "K", "-1", "+1", "1.", ".5K", "1.2.3K", "2GB", "10iB", "1 K", "8E", "99999999999999999999", "١K", "5%",
        ]
    )
    func notSizes(_ text: String) { #expect(ByteAmount.parse(text) == nil) }

    @Test("a size is shown so that reading it gives about the same")
    func sizesRoundTrip() throws {
        try checkProperty(runs: 500) { random in
            let bytes = Int64(random.next() >> UInt64.random(in: 2...63, using: &random))
            let text = ByteAmount.text(bytes)
            let read = try #require(ByteAmount.parse(text), "\(text)")
            try #require(abs(Double(read) - Double(bytes)) <= max(Double(bytes) * 0.051, 0), "\(bytes) as \(text)")
            try #require(text.count <= 7)
        }
    }

    @Test(
        "a size is shown in three or four digits",
        arguments: [
            (0, "0"), (1_023, "1023"), (1_024, "1.0K"), (1_048_575, "1.0M"), (1_048_576, "1.0M"),
            (5_000_000_000, "4.7G"), (Int64.max, "8.0E"),
        ] as [(Int64, String)]
    )
    func sizeTexts(_ bytes: Int64, _ text: String) { #expect(ByteAmount.text(bytes) == text) }

    @Test(
        "a time is read with its unit, or several",
        arguments: [
            ("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000), ("7d", 604_800_000), ("4w", 2_419_200_000),
            ("500ms", 500), ("1h30m", 5_400_000), ("1.5h", 5_400_000), ("0s", 0),
        ] as [(String, Int64)]
    )
    func times(_ text: String, _ milliseconds: Int64) { #expect(TimeSpan(text)?.milliseconds == milliseconds) }

    @Test(
        "what is no time is refused",
        arguments: ["", "5", "s", "5x", "-5s", "30m1h", "1h1h", "1h 30m", "99999999999999w", "5M", "1.h"]
    )
    func notTimes(_ text: String) { #expect(TimeSpan(text) == nil) }

    @Test("a time is written so that reading it gives the same")
    func timesRoundTrip() throws {
        try checkProperty(runs: 500) { random in
            let span = TimeSpan(milliseconds: Int64(random.next() >> UInt64.random(in: 1...63, using: &random)))
            try #require(TimeSpan(span.description) == span, "\(span)")
            let short = try #require(TimeSpan(span.short), "\(span.short)")
            try #require(short <= span)
        }
    }

    @Test(
        "a time is shown in its two biggest units",
        arguments: [
            ("0s", "0s"), ("999ms", "999ms"), ("12s", "12s"), ("3d4h5m", "3d4h"), ("1w3h", "1w"), ("1m1s500ms", "1m1s"),
        ]
    )
    func shortTimes(_ text: String, _ short: String) { #expect(TimeSpan(text)?.short == short) }

    @Test(
        "a sample is a percentage, a share or a size",
        arguments: [
            ("5%", .millionths(50_000)), ("0.5%", .millionths(5_000)), ("100%", .millionths(1_000_000)),
            ("1/7", .share(1, of: 7)), ("7/7", .share(7, of: 7)), ("2G", .bytes(2 << 30)), ("1000", .bytes(1_000)),
        ] as [(String, Sample)]
    )
    func samples(_ text: String, _ sample: Sample) {
        #expect(Sample(text) == sample)
        #expect(Sample(sample.description) == sample)
    }

    @Test(
        "what is no sample is refused",
        arguments: ["", "0%", "101%", "%", "0/7", "8/7", "1/", "/7", "1/2/3", "0", "1.5/7", "x"]
    )
    func notSamples(_ text: String) { #expect(Sample(text) == nil) }
}
