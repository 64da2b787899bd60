import CacheProtocol
import Wire

@testable import GatewayServer

/// Whatever is asked for of a stream, of whatever size: every part lies inside it.
enum RangeProperty {
    static func check(_ input: [UInt8]) throws(BrokenProperty) {
        var source = ByteSource(input)
        let states: [StreamState] = [.live, .suspended, .sealed, .removed]
        let state = states[Int(source.byte() % 4)]
        let choices = source.byte()
        // Streams are not longer than this; requests may say anything.
        let size = source.number() & (1 << 50 - 1) >> Int64(source.byte() % 51)
        let status = StreamStatus(size: size, state: state)
        try self.checkGet(&source, status, usesExtension: choices & 1 == 1, mayWait: choices & 2 == 2)
        let text = String(decoding: source.remaining, as: UTF8.self)
        if let range = ContentRange(text) {
            let isRight =
                range.range.lowerBound >= 0 && range.completeLength.map { range.range.upperBound < $0 } ?? true
            try BrokenProperty.unless(isRight, "Content-Range \(range)")
        }
        guard let ranges = ByteRangeSet(text) else { return }
        switch RangePlan(ranges, of: status, isHead: choices & 4 == 4) {
        case .whole: break
        case .unsatisfiable:
            let couldBe = ranges.specs.contains { spec in
                switch spec {
                case .from(let first, _): first < size
                case .suffix(let count): count > 0 && size > 0
                }
            }
            try BrokenProperty.unless(!couldBe, "\(text.debugDescription) of \(size) is unsatisfiable")
        case .part(let part): try self.expectInside([part], size)
        case .parts(let parts): try self.expectInside(parts, size)
        case .follow(let first, let last):
            try BrokenProperty.unless(
                first >= 0 && first <= size && last >= first,
                "follow \(first) to \(last) of \(size)"
            )
        }
    }

    private static func checkGet(
        _ source: inout ByteSource,
        _ status: StreamStatus,
        usesExtension: Bool,
        mayWait: Bool
    ) throws(BrokenProperty) {
        let length = max(1, source.number())
        let get = ClientMessage.Get(
            streamID: "a",
            offset: source.number(),
            length: length,
            waitMilliseconds: usesExtension ? Int64(source.byte()) : nil
        )
        let decision = RangeDecision(get, of: status, usesExtension: usesExtension, mayWait: mayWait)
        switch decision {
        case .send(let offset, let count):
            let (end, overflow) = offset.addingReportingOverflow(count)
            let isInside = offset >= 0 && count > 0 && count <= length && !overflow && end <= status.size
            try BrokenProperty.unless(isInside, "\(get) of \(status.size): \(decision)")
        case .wait(let offset, _): try BrokenProperty.unless(offset >= status.size, "\(get): \(decision)")
        case .empty, .tell: break
        }
    }

    private static func expectInside(_ parts: [ClosedRange<Int64>], _ size: Int64) throws(BrokenProperty) {
        let sorted = parts.sorted { $0.lowerBound < $1.lowerBound }
        for part in parts {
            try BrokenProperty.unless(part.lowerBound >= 0 && part.upperBound < size, "\(part) of \(size)")
        }
        for (one, next) in zip(sorted, sorted.dropFirst()) {
            try BrokenProperty.unless(one.upperBound < next.lowerBound, "\(one) and \(next) overlap")
        }
        try BrokenProperty.unless(parts.count <= RangePlan.maximumParts, "\(parts.count) parts")
    }
}
