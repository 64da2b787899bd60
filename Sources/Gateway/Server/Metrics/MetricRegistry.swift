import CoreMetrics
import Synchronization

/// Keeps what is measured through swift-metrics, for scrapes by Prometheus.
///
/// A lock is taken where a series is made and where all are read; counting and measuring take none. The number of series
/// is bounded: what would be one more goes nowhere, so that no label can fill the memory.
final class MetricRegistry: MetricsFactory {
    /// What is known about a metric before it is first used.
    struct Description: Hashable {
        var help = "No description."
        /// The upper bounds of a histogram's ranges.
        var bounds: [Double] = MetricRegistry.defaultBounds
    }

    /// From a millisecond to half a minute.
    static let defaultBounds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
    /// The most series of one metric.
    static let maximumSeries = 128
    /// The most metrics.
    static let maximumFamilies = 512

    private enum Cell {
        case counter(CounterCell)
        case number(NumberCell)
        case histogram(Histogram)

        var handler: AnyObject {
            switch self {
            case .counter(let cell): cell
            case .number(let cell): cell
            case .histogram(let cell): cell
            }
        }
    }

    private struct Family {
        var kind: MetricFamily.Kind
        var series: [[MetricFamily.Label]: Cell] = [:]
    }

    private let description: @Sendable (_ name: String) -> Description
    private let store = Mutex<[String: Family]>([:])

    /// A registry without a series.
    ///
    /// - Parameter description: What is known about a metric, by its name.
    init(describing description: @escaping @Sendable (_ name: String) -> Description = { _ in Description() }) {
        self.description = description
    }

    // MARK: Reading

    /// Everything measured, by name.
    func families() -> [MetricFamily] {
        let families = self.store.withLock { $0 }
        return families.sorted { $0.key < $1.key }.map { name, family in
            let series = family.series.sorted { $0.key.lexicographicallyPrecedes($1.key) }
            return MetricFamily(
                name: name,
                help: self.description(name).help,
                kind: family.kind,
                samples: series.flatMap { labels, cell -> [MetricFamily.Sample] in
                    switch cell {
                    case .counter(let cell): [.init(labels: labels, value: cell.value)]
                    case .number(let cell): [.init(labels: labels, value: cell.value)]
                    case .histogram(let histogram): histogram.samples(labels)
                    }
                }
            )
        }
    }

    // MARK: Making

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        let cell = self.cell(label, dimensions, .counter) { _ in .counter(CounterCell()) }
        if case .counter(let counter) = cell { return counter }
        return NOOPMetricsHandler.instance
    }

    func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        self.number(label, dimensions, .counter) ?? NOOPMetricsHandler.instance
    }

    /// A meter whose name is that of a counter (`…_total`) shows what is counted elsewhere, and is one.
    func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        self.number(label, dimensions, label.hasSuffix("_total") ? .counter : .gauge) ?? NOOPMetricsHandler.instance
    }

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        guard aggregate else { return self.number(label, dimensions, .gauge) ?? NOOPMetricsHandler.instance }
        return self.histogram(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        self.histogram(label, dimensions) ?? NOOPMetricsHandler.instance
    }

    private func number(
        _ label: String,
        _ dimensions: [(String, String)],
        _ kind: MetricFamily.Kind
    ) -> NumberCell? {
        guard case .number(let cell) = self.cell(label, dimensions, kind, make: { _ in .number(NumberCell()) }) else {
            return nil
        }
        return cell
    }

    private func histogram(_ label: String, _ dimensions: [(String, String)]) -> Histogram? {
        let cell = self.cell(label, dimensions, .histogram) { name in
            .histogram(Histogram(bounds: self.description(name).bounds))
        }
        guard case .histogram(let histogram) = cell else { return nil }
        return histogram
    }

    /// The cell of a series, made where there is none; `nil` where the name is another kind's, or there are too many.
    private func cell(
        _ label: String,
        _ dimensions: [(String, String)],
        _ kind: MetricFamily.Kind,
        make: (String) -> Cell
    ) -> Cell? {
        let name = MetricFamily.name(label)
        var labels: [MetricFamily.Label] = []
        for (key, value) in dimensions {
            let key = MetricFamily.labelName(key)
            // The ranges of a histogram have that one, and a name counts once.
            guard key != "le", !labels.contains(where: { $0.name == key }) else { continue }
            labels.append(.init(key, value))
        }
        labels.sort()
        return self.store.withLock { families in
            guard families[name] != nil || families.count < Self.maximumFamilies else { return nil }
            var family = families[name] ?? Family(kind: kind)
            guard family.kind == kind else { return nil }
            if let cell = family.series[labels] { return cell }
            guard family.series.count < Self.maximumSeries else { return nil }
            let cell = make(name)
            family.series[labels] = cell
            families[name] = family
            return cell
        }
    }

    // MARK: Forgetting

    func destroyCounter(_ handler: any CounterHandler) { self.destroy(handler) }
    func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { self.destroy(handler) }
    func destroyMeter(_ handler: any MeterHandler) { self.destroy(handler) }
    func destroyRecorder(_ handler: any RecorderHandler) { self.destroy(handler) }
    func destroyTimer(_ handler: any TimerHandler) { self.destroy(handler) }

    private func destroy(_ handler: AnyObject) {
        self.store.withLock { families in
            for name in Array(families.keys) {
                guard var family = families[name] else { continue }
                family.series = family.series.filter { $0.value.handler !== handler }
                families[name] = family
            }
        }
    }
}
