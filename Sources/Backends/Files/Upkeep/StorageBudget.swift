import Synchronization

/// How much is stored, and how much may be.
///
/// What was there at the start is counted once, by whoever needs the figure first; until then only differences are
/// known.
final class StorageBudget: Sendable {
    /// What is stored: the sum of the streams' lengths, and how many there are.
    struct Usage: Hashable, Sendable {
        var bytes: Int64 = 0
        var streams: Int64 = 0
    }

    private let maximumBytes: Int64
    private let maximumStreams: Int64
    private let state = Mutex(State())

    private struct State {
        var usage = Usage()
        var isCounted = false
    }

    init(maximumBytes: Int64?, maximumStreams: Int64?) {
        self.maximumBytes = maximumBytes ?? .max
        self.maximumStreams = maximumStreams ?? .max
    }

    /// Whether anything is limited at all.
    var isLimited: Bool { self.maximumBytes != .max || self.maximumStreams != .max }

    var usage: Usage { self.state.withLock { $0.usage } }

    var isCounted: Bool { self.state.withLock { $0.isCounted } }

    /// What was there at the start has been counted.
    func count(_ usage: Usage) {
        self.state.withLock { state in
            state.usage = usage
            state.isCounted = true
        }
    }

    /// What there is too much.
    var surplus: EvictionPlan.Need {
        self.state.withLock { state in
            EvictionPlan.Need(
                bytes: state.usage.bytes - self.maximumBytes,
                streams: Int(clamping: state.usage.streams - self.maximumStreams)
            )
        }
    }

    /// Takes room, where there is enough.
    ///
    /// - Returns: What is missing; `nil` where the room was taken.
    func take(bytes: Int64, streams: Int64 = 0) -> EvictionPlan.Need? {
        self.state.withLock { state in
            let need = EvictionPlan.Need(
                bytes: bytes > 0 ? state.usage.bytes + bytes - self.maximumBytes : 0,
                streams: streams > 0 ? Int(clamping: state.usage.streams + streams - self.maximumStreams) : 0
            )
            guard need.isMet else { return need }
            state.usage.bytes += bytes
            state.usage.streams += streams
            return nil
        }
    }

    /// Gives room back.
    func give(bytes: Int64, streams: Int64 = 0) {
        self.state.withLock { state in
            state.usage.bytes = max(0, state.usage.bytes - bytes)
            state.usage.streams = max(0, state.usage.streams - streams)
        }
    }
}
