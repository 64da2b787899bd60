import CoreMetrics
import NIOCore
import NIOHTTP1
import Wire

/// What the gateway measures of itself. The metrics and their labels' values are fixed when it is made: nothing that a
/// peer sends becomes a name or a label.
///
/// Counting is a relaxed addition or two, on any thread. Where the process has set up swift-metrics for somebody else
/// (`MetricsSystem.bootstrap`), they are told too.
final class GatewayMetrics: Sendable {
    /// How a request for a connection ended.
    enum ConnectionResult: String, CaseIterable {
        case accepted
        /// The handshake was wrong (400, 405, 426).
        case invalid
        /// A credential was missing or wrong (401).
        case unauthorized
        /// Host, Origin or rights did not allow it (403).
        case forbidden
        /// There were too many (429, 503).
        case limited

        /// The result of a refusal.
        init(refusal status: HTTPResponseStatus) {
            switch status.code {
            case 401: self = .unauthorized
            case 403: self = .forbidden
            case 429, 503: self = .limited
            default: self = .invalid
            }
        }
    }

    /// What streams are carried by.
    enum Transport: String, CaseIterable {
        case websocket
        case http
    }

    /// One counter for each transport, found without hashing.
    private struct ByTransport {
        let websocket: Counter
        let http: Counter

        init(_ make: (Transport) -> Counter) {
            self.websocket = make(.websocket)
            self.http = make(.http)
        }

        subscript(_ transport: Transport) -> Counter {
            switch transport {
            case .websocket: self.websocket
            case .http: self.http
            }
        }
    }

    let registry = MetricRegistry(describing: MetricCatalogue.description)
    private let streamsStarted: Counter
    private let streamsSealed: Counter
    private let streamsAborted: Counter
    private let streamsSuspended: Counter
    private let openStreams: Meter
    private let getDuration: Timer
    private let eventLoopLag: Timer
    private let receivedBytes: ByTransport
    private let sentBytes: ByTransport
    private let connections: [ConnectionResult: Counter]
    private let errors: [ErrorCode: Counter]
    private let otherErrors: Counter

    /// Makes every series that there will be, so that each is there, at 0, from the first scrape on.
    ///
    /// - Parameter other: Who is told too; nobody by default.
    init(alsoTelling other: any MetricsFactory = MetricsSystem.factory) {
        let factory: any MetricsFactory =
            other is NOOPMetricsHandler
            ? self.registry : MultiplexMetricsHandler(factories: [self.registry, other])
        func counter(_ name: MetricCatalogue.Name, _ dimensions: [(String, String)] = []) -> Counter {
            Counter(label: name.rawValue, dimensions: dimensions, factory: factory)
        }
        self.streamsStarted = counter(.streamsStarted)
        self.streamsSealed = counter(.streamsSealed)
        self.streamsAborted = counter(.streamsAborted)
        self.streamsSuspended = counter(.streamsSuspended)
        self.openStreams = Meter(label: MetricCatalogue.Name.streamsOpen.rawValue, factory: factory)
        self.getDuration = Timer(label: MetricCatalogue.Name.getDuration.rawValue, factory: factory)
        self.eventLoopLag = Timer(label: MetricCatalogue.Name.eventLoopLag.rawValue, factory: factory)
        func byTransport(_ name: MetricCatalogue.Name) -> ByTransport {
            ByTransport { counter(name, [("protocol", $0.rawValue)]) }
        }
        self.receivedBytes = byTransport(.receivedBytes)
        self.sentBytes = byTransport(.sentBytes)
        self.connections = Dictionary(
            uniqueKeysWithValues: ConnectionResult.allCases.map {
                ($0, counter(.connectionsTotal, [("result", $0.rawValue)]))
            }
        )
        self.errors = Dictionary(
            uniqueKeysWithValues: ErrorCode.all.map { ($0, counter(.errors, [("code", $0.rawValue)])) }
        )
        self.otherErrors = counter(.errors, [("code", "other")])
    }

    /// A connection was asked for.
    func connectionRequested(_ result: ConnectionResult) { self.connections[result]?.increment() }

    /// A peer was told of an error.
    func failed(_ code: ErrorCode) { (self.errors[code] ?? self.otherErrors).increment() }

    /// An upload began or was resumed.
    func uploadStarted() { self.streamsStarted.increment() }

    /// An upload was completed.
    func uploadSealed() { self.streamsSealed.increment() }

    /// A writer took its upload back.
    func uploadAborted() { self.streamsAborted.increment() }

    /// A writer went away before the end of its upload.
    func uploadSuspended() { self.streamsSuspended.increment() }

    /// One more upload is open, or one less.
    func uploadIsOpen(_ isOpen: Bool) {
        if isOpen {
            self.openStreams.increment()
        } else {
            self.openStreams.decrement()
        }
    }

    /// A GET was answered so long after it came, or after the bytes did that it waited for.
    func getAnswered(after duration: TimeAmount) { self.getDuration.recordNanoseconds(duration.nanoseconds) }

    /// An event loop did what was due, so much too late.
    func eventLoopTurned(late lag: TimeAmount) { self.eventLoopLag.recordNanoseconds(max(0, lag.nanoseconds)) }

    /// Bytes of streams came.
    func received(_ count: Int, over transport: Transport) { self.receivedBytes[transport].increment(by: count) }

    /// Bytes of streams were handed to the socket.
    func sent(_ count: Int, over transport: Transport) { self.sentBytes[transport].increment(by: count) }
}
