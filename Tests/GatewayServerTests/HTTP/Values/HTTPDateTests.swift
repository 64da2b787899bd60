import CacheProtocol
import Foundation
import TestSupport
import Testing

@testable import GatewayServer

@Suite("Dates of HTTP")
struct HTTPDateTests {
    private static func formatter() -> DateFormatter {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return formatter
    }

    @Test("they are written and read as the library does it, from 1602 to 3871")
    func oracle() throws {
        let formatter = Self.formatter()
        try checkProperty(runs: 300) { random in
            // Before 1582 the library counts by the calendar of then, HTTP by ours.
            let seconds = Int64.random(in: -11_600_000_000...60_000_000_000, using: &random)
            let milliseconds = seconds * 1_000 + Int64.random(in: 0...999, using: &random)
            let date = HTTPDate(Timestamp(millisecondsSinceEpoch: milliseconds))
            try #require(date.secondsSinceEpoch == seconds)
            try #require(date.fieldValue == formatter.string(from: Date(timeIntervalSince1970: Double(seconds))))
            try #require(HTTPDate(date.fieldValue) == date)
        }
    }

    @Test("the example of RFC 9110 is what it says")
    func example() {
        #expect(HTTPDate("Sun, 06 Nov 1994 08:49:37 GMT")?.secondsSinceEpoch == 784_111_777)
    }

    @Test(
        "what is no date is none",
        arguments: [
            "", "Sun, 06 Nov 1994 08:49:37 CET", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
            "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:3x GMT",
            "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
        ]
    )
    func bad(text: String) { #expect(HTTPDate(text) == nil) }
}
