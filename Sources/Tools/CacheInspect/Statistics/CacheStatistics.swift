import CacheProtocol
import SQLiteBackend

/// Counts, bytes, budget, and how sizes and ages are spread.
public struct CacheStatistics: Sendable {
    /// The classes of a histogram: their upper bounds and what they are called; the last one is open.
    struct Classes {
        var bounds: [Int64]
        var labels: [String]

        init(_ classes: [(text: String, bound: Int64)]) {
            self.bounds = classes.map(\.bound)
            let names = classes.map(\.text)
            let between = zip(names, names.dropFirst()).map { "\($0) to \($1)" }
            self.labels = ["below \(names.first ?? "")"] + between + ["\(names.last ?? "") and more"]
        }

        static var sizes: Classes {
            Self(
                ["1K", "4K", "16K", "64K", "256K", "1M", "4M", "16M", "64M", "256M", "1G", "4G"].map {
                    ($0, ByteAmount.parse($0) ?? .max)
                }
            )
        }

        static var ages: Classes {
            Self(
                ["1m", "10m", "1h", "6h", "1d", "1w", "4w", "12w", "52w"].map {
                    ($0, TimeSpan($0)?.milliseconds ?? .max)
                }
            )
        }
    }

    let location: CacheLocation
    let totals: [IndexedStream.State: StreamIndex.Totals]
    let sizes: [StreamIndex.Totals]
    let ages: [StreamIndex.Totals]
    let idle: [StreamIndex.Totals]
    let freeBytes: Int64?

    /// All streams together.
    var all: StreamIndex.Totals {
        self.totals.values.reduce(into: StreamIndex.Totals()) {
            $0.add($1)
        }
    }

    /// What the files hold: rows without a file take no room.
    private var storedBytes: Int64 { self.all.bytes - (self.totals[.missing]?.bytes ?? 0) }

    /// The statistics for people.
    ///
    /// - Parameter width: The terminal's columns, or `nil` where there is none.
    /// - Returns: The lines.
    public func lines(width: Int?) -> [String] {
        var table = Table([
            Table.Column("STATE"), Table.Column("STREAMS", isRightAligned: true),
            Table.Column("BYTES", isRightAligned: true), Table.Column("", isRightAligned: true, isOptional: true),
        ])
        for state in IndexedStream.State.allCases {
            guard let total = self.totals[state] else { continue }
            table.add([state.rawValue, "\(total.count)", "\(total.bytes)", ByteAmount.text(total.bytes)])
        }
        table.add(["all", "\(self.all.count)", "\(self.all.bytes)", ByteAmount.text(self.all.bytes)])
        var lines = table.lines(width: width) + [""]
        lines.append(self.budgetLine)
        if let free = self.freeBytes {
            let reserve = self.location.minimumFreeBytes.map { ", of which \(ByteAmount.text($0)) stay free" } ?? ""
            lines.append("free    \(ByteAmount.text(free)) on the file system\(reserve)")
        }
        guard self.all.count > 0 else { return lines }
        for (title, totals, classes) in [
            ("Sizes, in streams", self.sizes, Classes.sizes),
            ("Ages since the start, in streams", self.ages, Classes.ages),
            ("Time since sealed streams were last read, in streams", self.idle, Classes.ages),
        ] {
            let bars = zip(classes.labels, totals).map { Histogram.Bar(label: $0, count: $1.count) }
            lines += [""] + Histogram(title: title, bars: bars).lines(width: width)
        }
        return lines
    }

    private var budgetLine: String {
        guard let budget = self.location.maximumBytes else {
            return "budget  none is known (--config reads it from the gateway's configuration)"
        }
        let percent = budget > 0 ? Double(self.storedBytes) / Double(budget) * 100 : 100
        let tenths = Int64((min(max(percent, 0), 1e9) * 10).rounded())
        return "budget  \(ByteAmount.text(self.storedBytes)) of \(ByteAmount.text(budget)) "
            + "(\(tenths / 10).\(tenths % 10)%)"
    }

    /// One JSON document with a final newline.
    ///
    /// - Throws: What the encoder throws.
    public func json() throws -> String { try JSONText.document(Document(self)) + "\n" }

    /// What `--json` writes.
    private struct Document: Encodable {
        struct Total: Encodable {
            var streams: Int64
            var bytes: Int64

            init(_ total: StreamIndex.Totals) {
                self.streams = total.count
                self.bytes = total.bytes
            }
        }

        struct Class: Encodable {
            /// The upper bound, itself left out: bytes or milliseconds; absent in the last class.
            var below: Int64?
            var streams: Int64
            var bytes: Int64
        }

        var directory: String
        var index: String?
        var states: [String: Total]
        var all: Total
        var budgetBytes: Int64?
        var reserveBytes: Int64?
        var freeBytes: Int64?
        var sizes: [Class]
        var agesMilliseconds: [Class]
        var idleMilliseconds: [Class]

        init(_ statistics: CacheStatistics) {
            self.directory = statistics.location.directory
            self.index = statistics.location.index
            self.states = Dictionary(
                statistics.totals.map { ($0.key.rawValue, Total($0.value)) },
                uniquingKeysWith: { first, _ in first }
            )
            self.all = Total(statistics.all)
            self.budgetBytes = statistics.location.maximumBytes
            self.reserveBytes = statistics.location.minimumFreeBytes
            self.freeBytes = statistics.freeBytes
            self.sizes = Self.classes(statistics.sizes, .sizes)
            self.agesMilliseconds = Self.classes(statistics.ages, .ages)
            self.idleMilliseconds = Self.classes(statistics.idle, .ages)
        }

        private static func classes(_ totals: [StreamIndex.Totals], _ classes: Classes) -> [Class] {
            totals.enumerated().map { index, total in
                let bound = index < classes.bounds.count ? classes.bounds[index] : nil
                return Class(below: bound, streams: total.count, bytes: total.bytes)
            }
        }
    }
}

extension CacheInspector {
    /// Counts streams and bytes.
    ///
    /// - Returns: The statistics.
    /// - Throws: ``InspectError`` with code `io`.
    public func statistics() throws(InspectError) -> CacheStatistics {
        let now = self.clock()
        let ages = CacheStatistics.Classes.ages.bounds
        return CacheStatistics(
            location: self.location,
            totals: try self.inventory.totals(StreamIndexQuery()),
            sizes: try self.inventory.histogram(of: .size, bounds: CacheStatistics.Classes.sizes.bounds),
            ages: try self.inventory.histogram(of: .age(at: now), bounds: ages),
            idle: try self.inventory.histogram(of: .idle(at: now), bounds: ages),
            freeBytes: self.files.freeBytes()
        )
    }
}
