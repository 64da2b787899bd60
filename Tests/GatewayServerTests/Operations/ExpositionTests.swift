import TestSupport
import Testing

@testable import GatewayServer

@Suite("Prometheus' text format")
struct ExpositionTests {
    private typealias Label = MetricFamily.Label

    @Test("a family is its help, its type and one line a series")
    func family() {
        let text = Exposition.text([
            MetricFamily(
                name: "audiocache_errors_total",
                help: "Errors, by code.",
                kind: .counter,
                samples: [
                    .init(labels: [Label("code", "io")], value: 3), .init(labels: [Label("code", "range")], value: 0),
                ]
            ),
            MetricFamily(name: "nothing", help: "-", kind: .gauge, samples: []),
            MetricFamily(name: "load", help: "-", kind: .gauge, samples: [.init(value: 0.25)]),
        ])
        #expect(
            text == """
                # HELP audiocache_errors_total Errors, by code.
                # TYPE audiocache_errors_total counter
                audiocache_errors_total{code="io"} 3
                audiocache_errors_total{code="range"} 0
                # HELP load -
                # TYPE load gauge
                load 0.25

                """
        )
    }

    @Test("numbers are as Go reads them")
    func numbers() {
        #expect(Exposition.number(0) == "0")
        #expect(Exposition.number(-12) == "-12")
        #expect(Exposition.number(9_007_199_254_740_992) == "9007199254740992")
        #expect(Exposition.number(0.001) == "0.001")
        #expect(Exposition.number(.infinity) == "+Inf")
        #expect(Exposition.number(-.infinity) == "-Inf")
        #expect(Exposition.number(.nan) == "NaN")
        #expect(Double(Exposition.number(1e300)) == 1e300)
        #expect(Double(Exposition.number(Double.leastNonzeroMagnitude)) == Double.leastNonzeroMagnitude)
    }

    @Test("whatever a help or a label's value says comes back from a scrape as it was")
    func escaping() throws {
        try checkProperty(runs: 500) { random in
            let samples = (0..<Int.random(in: 1...4, using: &random)).map { number in
                MetricFamily.Sample(
                    labels: [Label("a", Self.text(&random)), Label("b", "\(number)")],
                    value: Double.random(in: -1e6...1e6, using: &random)
                )
            }
            let help = "x" + Self.text(&random)
            let text = Exposition.text([MetricFamily(name: "metric", help: help, kind: .gauge, samples: samples)])
            try #require(text.utf8.count { $0 == UInt8(ascii: "\n") } == samples.count + 2)
            let scraped = try Scraped(text)
            try #require(scraped.help["metric"].map { Array($0.utf8) } == Array(help.utf8))
            for sample in samples {
                let labels = Dictionary(uniqueKeysWithValues: sample.labels.map { ($0.name, $0.value) })
                try #require(scraped["metric", labels] == sample.value)
            }
        }
    }

    @Test("any label becomes a name by the grammar, and a name by the grammar stays itself")
    func names() throws {
        #expect(MetricFamily.name("http.server.requests") == "http_server_requests")
        #expect(MetricFamily.name("audiocache:rate5m") == "audiocache:rate5m")
        #expect(MetricFamily.name("5xx") == "_5xx")
        #expect(MetricFamily.name("") == "_")
        #expect(MetricFamily.labelName("__name__") == "_name__")
        #expect(MetricFamily.labelName("a:b") == "a_b")
        try checkProperty(runs: 300) { random in
            let text = Self.text(&random)
            try #require(MetricFamily.name(text).wholeMatch(of: /[a-zA-Z_:][a-zA-Z0-9_:]*/) != nil)
            try #require(MetricFamily.labelName(text).wholeMatch(of: /[a-zA-Z_][a-zA-Z0-9_]*/) != nil)
        }
    }

    /// Text that has what is escaped more often than other text has.
    private static func text(_ random: inout SeededGenerator) -> String {
        let special: [Unicode.Scalar] = [
            "\\", "\"", "\n", "\r", "{", "}", ",", "=", " ", "#", "n", "é", "e", "\u{301}", "🎧",
        ]
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            text.append(special[Int.random(in: 0..<special.count, using: &random)])
        }
        return String(text)
    }
}
