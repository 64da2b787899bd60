import CacheProtocol
import TestSupport
import Testing

@Suite("The small values")
struct ValueTests {
    @Test("a digest survives its hexadecimal digits, in either case")
    func digestRoundTrip() throws {
        try checkProperty { random in
            let digest = try #require(SHA256Value(bytes: random.bytes(32)))
            try #require(SHA256Value(hexadecimal: digest.description) == digest)
            try #require(SHA256Value(hexadecimal: digest.description.uppercased()) == digest)
            try #require(digest.description.utf8.count == 64)
        }
    }

    @Test(
        "what is not 64 hexadecimal digits is no digest",
        arguments: [
            "", "00", String(repeating: "0", count: 63), String(repeating: "0", count: 65),
            String(repeating: "g", count: 64), String(repeating: "0", count: 63) + " ",
            String(repeating: "٠", count: 32), "0x" + String(repeating: "0", count: 62),
        ]
    )
    func noDigest(_ text: String) { #expect(SHA256Value(hexadecimal: text) == nil) }

    @Test("a digest has 32 bytes")
    func digestBytes() {
        #expect(SHA256Value(bytes: [UInt8](repeating: 1, count: 31)) == nil)
        #expect(SHA256Value(bytes: [UInt8](repeating: 1, count: 33)) == nil)
        #expect(SHA256Value(bytes: (0..<32).map { UInt8($0) })?.description.hasPrefix("000102") == true)
    }

    @Test("a moment goes forward and back, and stops at the ends of time")
    func timestamps() {
        let moment = Timestamp(millisecondsSinceEpoch: 1_500)
        #expect(moment.advanced(bySeconds: 2).millisecondsSinceEpoch == 3_500)
        #expect(moment.advanced(bySeconds: -2).millisecondsSinceEpoch == -500)
        #expect(moment.advanced(bySeconds: .max).millisecondsSinceEpoch == .max)
        #expect(moment.advanced(bySeconds: .min).millisecondsSinceEpoch == .min)
        #expect(Timestamp(millisecondsSinceEpoch: .max).advanced(bySeconds: 1).millisecondsSinceEpoch == .max)
        #expect(moment < moment.advanced(bySeconds: 1))
    }

    @Test("a stream expires only once it is sealed, and only where it has a time to live")
    func expiry() throws {
        var info = StreamInfo(
            id: try StreamID("a"),
            state: .live,
            size: 0,
            createdAt: Timestamp(millisecondsSinceEpoch: 0)
        )
        info.timeToLiveSeconds = 10
        #expect(info.expiresAt == nil)
        info.sealedAt = Timestamp(millisecondsSinceEpoch: 5_000)
        #expect(info.expiresAt == Timestamp(millisecondsSinceEpoch: 15_000))
        info.timeToLiveSeconds = nil
        #expect(info.expiresAt == nil)
    }

    @Test("a filter joins its conditions by and")
    func filter() throws {
        let info = StreamInfo(
            id: try StreamID("call-1"),
            state: .sealed,
            size: 0,
            createdAt: Timestamp(millisecondsSinceEpoch: 1_000)
        )
        let start = info.createdAt
        let later = start.advanced(bySeconds: 1)
        #expect(StreamFilter().matches(info))
        #expect(StreamFilter(prefix: "call-", state: .sealed, createdAfter: start, createdBefore: later).matches(info))
        #expect(!StreamFilter(prefix: "call-2").matches(info))
        #expect(!StreamFilter(prefix: "call-", state: .live).matches(info))
        #expect(!StreamFilter(createdAfter: later).matches(info))
        #expect(!StreamFilter(createdBefore: start).matches(info))
        #expect(!StreamFilter(prefix: "call-11").admits(info.id))
    }

    @Test("only failures that pass are retryable")
    func retryable() {
        let passing: [CacheError.Code] = [.streamBusy, .storageFull, .limit, .shuttingDown]
        let lasting: [CacheError.Code] = [
            .badStreamID, .streamNotFound, .streamExists, .range, .aborted, .digestMismatch, .streamTooLarge,
            .unsupported, .io, .configuration,
        ]
        #expect(passing.filter { !$0.isRetryable } == [])
        #expect(lasting.filter { $0.isRetryable } == [])
        #expect(Set((passing + lasting).map(\.rawValue)).count == passing.count + lasting.count)
    }
}
