import Testing
import Wire

@Suite("UTF-8 as it arrives")
struct UTF8ValidatorTests {
    private static let valid: [[UInt8]] = [
        [], [0x00], [0x7F], [0xC2, 0x80], [0xDF, 0xBF], [0xE0, 0xA0, 0x80], [0xED, 0x9F, 0xBF], [0xEE, 0x80, 0x80],
        [0xEF, 0xBF, 0xBF], [0xEF, 0xBB, 0xBF], [0xF0, 0x90, 0x80, 0x80], [0xF4, 0x8F, 0xBF, 0xBF],
        Array("κόσμε, 日本語, 🎧 and plain text".utf8),
    ]

    private static let invalid: [[UInt8]] = [
        [0x80], [0xBF], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x80, 0x80], [0xE0, 0x9F, 0xBF], [0xF0, 0x80, 0x80, 0x80],
        [0xF0, 0x8F, 0xBF, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xED, 0xA0, 0x80, 0xED, 0xB0, 0x80],
        [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xC3],
        [0xE2, 0x82], [0xF0, 0x9F, 0x8E], [0xC3, 0x28], [0xE2, 0x28, 0xA1], [0xE2, 0x82, 0x28],
        [0xF0, 0x28, 0x8C, 0xBC],
        [0x61, 0xC3, 0xA9, 0x80], [0xC3, 0xC3, 0xA9], [0x41, 0xE2, 0x82, 0x41],
    ]

    private func isValid(_ pieces: [ArraySlice<UInt8>]) -> Bool {
        var validator = UTF8Validator()
        for piece in pieces where !piece.withUnsafeBytes({ validator.accept($0) }) { return false }
        return validator.isComplete
    }

    /// Checks bytes at every cut, and that the first wrong byte is told at once.
    private func check(_ bytes: [UInt8]) {
        let isWhole = UTF8Oracle.isWhole(bytes)
        for cut in 0...bytes.count {
            #expect(self.isValid([bytes[..<cut], bytes[cut...]]) == isWhole, "\(bytes) cut at \(cut)")
        }
        #expect(self.isValid(bytes.indices.map { bytes[$0...$0] }) == isWhole, "\(bytes) byte by byte")

        var validator = UTF8Validator()
        for count in 1..<(bytes.count + 1) {
            let goesOn = bytes[(count - 1)..<count].withUnsafeBytes { validator.accept($0) }
            #expect(goesOn == UTF8Oracle.isPrefix(bytes[..<count]), "\(bytes) after \(count) bytes")
            if !goesOn { break }
            #expect(validator.isComplete == UTF8Oracle.isWhole(bytes[..<count]), "\(bytes) after \(count) bytes")
        }
    }

    @Test("valid texts are valid at every cut", arguments: Self.valid)
    func validTexts(bytes: [UInt8]) {
        #expect(self.isValid([bytes[...]]))
        self.check(bytes)
    }

    @Test("overlong forms, surrogates, strays and stumps are told at their first wrong byte", arguments: Self.invalid)
    func invalidTexts(bytes: [UInt8]) {
        #expect(!self.isValid([bytes[...]]))
        self.check(bytes)
        self.check(Array("é".utf8) + bytes + [0x61])
    }

    @Test("random bytes are judged as the library judges them")
    func randomBytes() {
        let edges: [UInt8] = [
            0x00, 0x61, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xEC, 0xED, 0xEE,
            0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        for seed in 1...3_000 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let bytes = (0..<Int.random(in: 1...6, using: &random)).map { _ in random.pick(edges) }
            self.check(bytes)
        }
    }

    @Test("every sequence of two bytes is judged as the library judges it")
    func everyPair() {
        for first in 0...255 as ClosedRange<UInt8> {
            let wrong = (0...255 as ClosedRange<UInt8>).filter { second in
                self.isValid([[first, second]]) != UTF8Oracle.isWhole([first, second])
            }
            #expect(wrong.isEmpty, "\(first) and one of \(wrong)")
        }
    }
}
