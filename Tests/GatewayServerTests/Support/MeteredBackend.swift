import CacheProtocol
import NIOCore
import Synchronization

/// Counts the bytes that a gateway fetches from a backend, to tell how much of them it holds for peers that take nothing.
final class ReadMeter: Sendable {
    private let state = Mutex(State())

    private struct State {
        var fetched: Int64 = 0
        var waiting: (threshold: Int64, continuation: CheckedContinuation<Void, Never>)?
    }

    /// All bytes that were fetched so far.
    var fetched: Int64 { self.state.withLock { $0.fetched } }

    func add(_ count: Int) {
        let waiting = self.state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.fetched += Int64(count)
            guard let waiting = state.waiting, state.fetched >= waiting.threshold else { return nil }
            state.waiting = nil
            return waiting.continuation
        }
        waiting?.resume()
    }

    /// Waits until so many bytes were fetched.
    func reached(_ threshold: Int64) async {
        await withCheckedContinuation { continuation in
            let isReached = self.state.withLock { state in
                guard state.fetched < threshold else { return true }
                state.waiting = (threshold, continuation)
                return false
            }
            if isReached { continuation.resume() }
        }
    }
}

extension ReaderWrappingBackend {
    /// A backend whose readers are metered.
    static func metered(_ base: any CacheBackend, _ meter: ReadMeter) -> Self {
        Self(base: base) { MeteredSource(base: $0, meter: meter) }
    }
}

private final class MeteredSource: StreamSource {
    private let base: StreamReader
    private let meter: ReadMeter

    init(base: StreamReader, meter: ReadMeter) {
        self.base = base
        self.meter = meter
    }

    func open() -> Answer<StreamStatus> { self.base.opened() }

    var status: StreamStatus { self.base.status }

    func read(at offset: Int64, count: Int) throws(CacheError) -> Answer<ByteBuffer> {
        let meter = self.meter
        switch try self.base.read(at: offset, count: count) {
        case .now(let bytes):
            meter.add(bytes.readableBytes)
            return .now(bytes)
        case .later(let later):
            return .later(
                Later { () async throws(CacheError) in
                    let bytes = try await later.value()
                    meter.add(bytes.readableBytes)
                    return bytes
                }
            )
        }
    }

    func grown(past offset: Int64, while state: StreamState) async throws(CacheError) -> StreamStatus {
        try await self.base.grown(past: offset, while: state)
    }
}
