import Testing

@testable import GatewayServer

@Suite("Reading Range")
struct ByteRangeSetTests {
    @Test(
        "all three forms are read, with spaces and empty elements, and numbers too large become the largest",
        arguments: [
            ("bytes=0-", [.from(0, through: nil)]), ("bytes=0-0", [.from(0, through: 0)]),
            ("bytes=2-5", [.from(2, through: 5)]), ("bytes=-7", [.suffix(7)]), ("bytes=-0", [.suffix(0)]),
            ("BYTES=1-", [.from(1, through: nil)]),
            ("bytes=0-1, 3-4 ,\t-5,", [.from(0, through: 1), .from(3, through: 4), .suffix(5)]),
            ("bytes=5-99999999999999999999", [.from(5, through: .max)]),
            ("bytes=99999999999999999999-", [.from(.max, through: nil)]),
        ] as [(String, [ByteRangeSet.Spec])]
    )
    func good(value: String, specs: [ByteRangeSet.Spec]) {
        #expect(ByteRangeSet(value)?.specs == specs)
    }

    @Test(
        "anything else is no range",
        arguments: [
            "", "bytes", "bytes=", "bytes=,", "bytes=-", "bytes=a-b", "bytes=5-2", "bytes=1", "bytes= ", "items=0-1",
            "bytes=0-1;2-3", "bytes=+1-2", "bytes=1-2-3", "bytes=0x1-2", "bytes:0-1", "bytes=１-2", "bytes=1- 2",
            "\u{212A}bytes=0-1",
        ]
    )
    func bad(value: String) { #expect(ByteRangeSet(value) == nil) }
}
