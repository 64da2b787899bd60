import CoreMetrics
import TestSupport
import Testing

@testable import GatewayServer

@Suite("What is measured through swift-metrics")
struct MetricRegistryTests {
    private func scraped(_ registry: MetricRegistry) throws -> Scraped {
        try Scraped(Exposition.text(registry.families()))
    }

    @Test("each kind is what Prometheus calls it, with its value")
    func kinds() throws {
        let registry = MetricRegistry()
        let counter = Counter(label: "c_total", dimensions: [("b", "2"), ("a", "1")], factory: registry)
        counter.increment(by: 40)
        counter.increment(by: 2)
        FloatingPointCounter(label: "f_total", factory: registry).increment(by: 0.5)
        let meter = Meter(label: "m", factory: registry)
        meter.set(10)
        meter.increment(by: 2.5)
        meter.decrement(by: 0.5)
        Meter(label: "shown_total", factory: registry).set(7)
        Gauge(label: "g", factory: registry).record(-3)
        Recorder(label: "r", factory: registry).record(0.003)
        Timer(label: "t", factory: registry).recordMilliseconds(40)
        let scraped = try self.scraped(registry)
        #expect(
            scraped.kinds == [
                "c_total": "counter", "f_total": "counter", "m": "gauge", "shown_total": "counter", "g": "gauge",
                "r": "histogram", "t": "histogram",
            ]
        )
        #expect(scraped["c_total", ["a": "1", "b": "2"]] == 42)
        #expect(scraped["f_total"] == 0.5)
        #expect(scraped["m"] == 12)
        #expect(scraped["shown_total"] == 7)
        #expect(scraped["g"] == -3)
        #expect(scraped["r_sum"] == 0.003 && scraped["r_count"] == 1)
        #expect(scraped["t_sum"] == 0.04)
        #expect(scraped["t_bucket", ["le": "0.025"]] == 0 && scraped["t_bucket", ["le": "0.05"]] == 1)
    }

    @Test("a histogram's ranges are cumulative, include their bound, and end with all of them")
    func ranges() throws {
        let registry = MetricRegistry(describing: { _ in .init(bounds: [1, 2, 5]) })
        let recorder = Recorder(label: "r", factory: registry)
        for value in [0.5, 1, 1.5, 2, 5, 5.1, 100, Double.nan] { recorder.record(value) }
        let scraped = try self.scraped(registry)
        let cumulative = ["1", "2", "5", "+Inf"].map { scraped["r_bucket", ["le": $0]] }
        #expect(cumulative == [2, 4, 5, 7])
        #expect(scraped["r_count"] == 7)
        #expect(scraped["r_sum"] == 115.1)
    }

    @Test("for random values, every range has those that are not above its bound")
    func randomRanges() throws {
        try checkProperty { random in
            let bounds = Set((0..<6).map { _ in Double.random(in: 0...100, using: &random) }).sorted()
            let values = (0..<50).map { _ in Double.random(in: -10...110, using: &random) } + bounds
            let registry = MetricRegistry(describing: { _ in .init(bounds: bounds) })
            let recorder = Recorder(label: "r", factory: registry)
            for value in values { recorder.record(value) }
            let scraped = try self.scraped(registry)
            for bound in bounds {
                let found = scraped["r_bucket", ["le": Exposition.number(bound)]]
                try #require(found == Double(values.count { $0 <= bound }))
            }
            try #require(scraped["r_bucket", ["le": "+Inf"]] == Double(values.count))
        }
    }

    @Test("the same name and labels are the same series, in whatever order the labels come")
    func identity() throws {
        let registry = MetricRegistry()
        Counter(label: "c.total", dimensions: [("a", "1"), ("b", "2")], factory: registry).increment()
        Counter(label: "c_total", dimensions: [("b", "2"), ("a", "1")], factory: registry).increment()
        #expect(try self.scraped(registry)["c_total", ["a": "1", "b": "2"]] == 2)
    }

    @Test("a name of another kind, a label that is a range's, and the like change nothing that is there")
    func conflicts() throws {
        let registry = MetricRegistry()
        Counter(label: "x", factory: registry).increment()
        Timer(label: "x", factory: registry).recordSeconds(1)
        Meter(label: "x", factory: registry).set(5)
        Recorder(label: "r", dimensions: [("le", "5"), ("a", "1"), ("a", "2")], factory: registry).record(1)
        let scraped = try self.scraped(registry)
        #expect(scraped["x"] == 1)
        #expect(scraped["r_count", ["a": "1"]] == 1)
    }

    @Test("labels without end take memory to a bound and no further")
    func bound() throws {
        let registry = MetricRegistry()
        for number in 0..<10_000 {
            Counter(label: "c", dimensions: [("id", "\(number)")], factory: registry).increment()
            Counter(label: "c\(number)", factory: registry).increment()
        }
        let families = registry.families()
        #expect(families.count == MetricRegistry.maximumFamilies)
        #expect(families.first { $0.name == "c" }?.samples.count == MetricRegistry.maximumSeries)
    }

    @Test("what is counted on many threads at once is all there")
    func concurrency() async throws {
        let registry = MetricRegistry()
        await withDiscardingTaskGroup { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "c", factory: registry)
                    let meter = Meter(label: "m", factory: registry)
                    let timer = Timer(label: "t", factory: registry)
                    for _ in 0..<2_000 {
                        counter.increment()
                        meter.increment()
                        timer.recordNanoseconds(1_000_000_000)
                    }
                }
            }
        }
        let scraped = try self.scraped(registry)
        #expect(scraped["c"] == 16_000 && scraped["m"] == 16_000)
        #expect(scraped["t_count"] == 16_000 && scraped["t_sum"] == 16_000)
    }

    @Test("a series that is destroyed is gone, the others are not")
    func destroyed() throws {
        let registry = MetricRegistry()
        let gone = Counter(label: "c", dimensions: [("a", "1")], factory: registry)
        Counter(label: "c", dimensions: [("a", "2")], factory: registry).increment()
        gone.destroy()
        let scraped = try self.scraped(registry)
        #expect(scraped["c", ["a": "1"]] == nil && scraped["c", ["a": "2"]] == 1)
    }
}
