import CoreMetrics
import Synchronization

/// A whole number that is only added to. One relaxed addition a call.
final class CounterCell: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Double { Double(self.count.load(ordering: .relaxed)) }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        self.count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() { self.count.store(0, ordering: .relaxed) }
}

/// A number that is set, or added to with a fraction.
final class NumberCell: MeterHandler, RecorderHandler, FloatingPointCounterHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: self.bits.load(ordering: .relaxed)) }

    func set(_ value: Int64) { self.set(Double(value)) }
    func set(_ value: Double) { self.bits.store(value.bitPattern, ordering: .relaxed) }
    func record(_ value: Int64) { self.set(Double(value)) }
    func record(_ value: Double) { self.set(value) }
    func reset() { self.set(0.0) }

    func increment(by amount: Double) { self.add(amount) }
    func decrement(by amount: Double) { self.add(-amount) }

    private func add(_ amount: Double) {
        var old = self.bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, original) = self.bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = original
        }
    }
}

/// How often values fell into which range. Durations are in seconds.
final class Histogram: RecorderHandler, TimerHandler {
    /// The upper bounds of the ranges, inclusive, ascending; beyond the last one there is another range.
    let bounds: [Double]
    private let counts: [CounterCell]
    private let sum = NumberCell()

    init(bounds: [Double]) {
        self.bounds = bounds
        self.counts = (0...bounds.count).map { _ in CounterCell() }
    }

    func record(_ value: Int64) { self.record(Double(value)) }

    func record(_ value: Double) {
        // A NaN would make the sum one for ever.
        guard !value.isNaN else { return }
        var range = 0
        while range < self.bounds.count, value > self.bounds[range] { range += 1 }
        self.counts[range].increment(by: 1)
        self.sum.increment(by: value)
    }

    func recordNanoseconds(_ duration: Int64) { self.record(Double(duration) / 1e9) }

    /// The series of a scrape: cumulative, and their total is the count even while others are counting.
    func samples(_ labels: [MetricFamily.Label]) -> [MetricFamily.Sample] {
        var samples: [MetricFamily.Sample] = []
        var total = 0.0
        for (range, cell) in self.counts.enumerated() {
            total += cell.value
            let bound = range < self.bounds.count ? Exposition.number(self.bounds[range]) : "+Inf"
            samples.append(.init(suffix: "_bucket", labels: labels + [.init("le", bound)], value: total))
        }
        samples.append(.init(suffix: "_sum", labels: labels, value: self.sum.value))
        samples.append(.init(suffix: "_count", labels: labels, value: total))
        return samples
    }
}
