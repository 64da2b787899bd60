import Crypto
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An object store in this process, that speaks as much of S3's protocol as the backend does: for tests that need no
/// installed store, and for faults that a real one can't be asked for.
///
/// It checks signatures by itself, from the bytes that came, and shares no code with who signs.
public final class ObjectStoreDouble: Sendable {
    /// The access key that it lets in.
    public static let accessKeyID = "AKIDEXAMPLE"
    /// The secret of that key.
    public static let secretAccessKey = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    /// The bucket that it has.
    public static let bucket = "streams"

    let shelf: Mutex<ObjectShelf>
    let faults = Mutex<[PlannedFault]>([])
    private let requests = Mutex<[String]>([])
    private let server = Mutex<(any Channel)?>(nil)
    private let reservation = Mutex<ReservedPort?>(nil)
    private let connections = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let knownPort = Mutex<Int>(0)

    struct PlannedFault: Sendable {
        var matches: @Sendable (StoreRequest) -> Bool
        var remaining: Int
        var fault: StoreFault
    }

    /// Starts a store with an empty bucket, on a free port of the loopback interface.
    public init() async throws {
        self.shelf = Mutex(ObjectShelf())
        try await self.start()
    }

    deinit {
        self.server.withLock { $0?.close(promise: nil) }
        for connection in self.connections.withLock({ $0.values }) { connection.close(promise: nil) }
    }

    /// Where it listens.
    public var url: String { "http://127.0.0.1:\(self.knownPort.withLock { $0 })" }

    /// Listens, with what it had; on the port that it had, if it did.
    public func start() async throws {
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { [weak self] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let self else { throw ChannelError.alreadyClosed }
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(StoreConnection(store: self))
                    self.note(channel)
                }
            }
        self.reservation.withLock { $0 = nil }
        let channel = try await bootstrap.bind(host: "127.0.0.1", port: self.knownPort.withLock { $0 }).get()
        self.knownPort.withLock { $0 = channel.localAddress?.port ?? 0 }
        self.server.withLock { $0 = channel }
    }

    /// Goes away in the middle of whatever it is doing, and keeps what it has. Nobody else gets its port.
    public func kill() async {
        let server = self.server.withLock { $0.take() }
        try? await server?.close()
        self.reservation.withLock { $0 = ReservedPort(self.knownPort.withLock { $0 }) }
        for connection in self.connections.withLock({ Array($0.values) }) { try? await connection.close() }
    }

    private func note(_ channel: any Channel) {
        let key = ObjectIdentifier(channel)
        self.connections.withLock { $0[key] = channel }
        channel.closeFuture.whenComplete { [weak self] _ in
            self?.connections.withLock { _ = $0.removeValue(forKey: key) }
        }
    }

    // MARK: What tests look at and set

    /// The keys of all objects, in order.
    public var keys: [String] { self.shelf.withLock { $0.objects.keys.sorted() } }

    /// An object's bytes and headers.
    public func object(_ key: String) -> StoredObject? { self.shelf.withLock { $0.objects[key] } }

    /// Changes an object behind everybody's back; `nil` takes it away.
    public func change(_ key: String, _ body: (inout StoredObject?) -> Void) {
        self.shelf.withLock { body(&$0.objects[key]) }
    }

    /// How many uploads were begun and neither completed nor aborted.
    public var unfinishedUploads: Int { self.shelf.withLock { $0.uploads.count } }

    /// Whether `If-None-Match` is known; else it is answered with 501, as OpenStack Swift does.
    public func know(conditions: Bool) { self.shelf.withLock { $0.knowsConditions = conditions } }

    /// How many seconds the store's clock is ahead.
    public func set(clockAhead seconds: Int64) { self.shelf.withLock { $0.clockAhead = seconds } }

    /// Takes the bucket away, or gives it back.
    public func set(hasBucket: Bool) { self.shelf.withLock { $0.hasBucket = hasBucket } }

    /// Has the next requests that match fail.
    ///
    /// - Parameters:
    ///   - fault: How.
    ///   - count: How many of them.
    ///   - matches: Which; all by default.
    public func fail(
        _ fault: StoreFault,
        count: Int = 1,
        when matches: @escaping @Sendable (StoreRequest) -> Bool = { _ in true }
    ) {
        self.faults.withLock { $0.append(PlannedFault(matches: matches, remaining: count, fault: fault)) }
    }

    /// Ends all faults.
    public func heal() { self.faults.withLock { $0 = [] } }

    /// What was asked so far: `PUT streams/a`, one line for each request, faults included.
    public var log: [String] { self.requests.withLock { $0 } }

    /// Forgets what was asked.
    public func clearLog() { self.requests.withLock { $0 = [] } }

    // MARK: Answering

    func answer(_ request: StoreRequest) -> (StoreAnswer, StoreFault?) {
        self.requests.withLock { $0.append(request.line) }
        let fault = self.faults.withLock { faults -> StoreFault? in
            guard let index = faults.firstIndex(where: { $0.remaining > 0 && $0.matches(request) }) else { return nil }
            faults[index].remaining -= 1
            return faults[index].fault
        }
        switch fault {
        case .answer(let status, let code, let headers):
            var answer = StoreAnswer.error(status, code, "As asked for.")
            answer.headers += headers
            return (answer, fault)
        case .reset, .hang: return (StoreAnswer(status: 500), fault)
        case nil, .truncate, .corrupt, .loseAnswer: return (self.shelf.withLock { $0.answer(request) }, fault)
        }
    }
}

/// How a request fails.
public enum StoreFault: Sendable {
    /// The store answers so, and does nothing.
    case answer(Int, code: String, headers: [(String, String)] = [])
    /// The connection goes away without an answer, and nothing is done.
    case reset
    /// What was asked is done, but the connection goes away without an answer.
    case loseAnswer
    /// No answer ever comes, and nothing is done.
    case hang
    /// The connection goes away in the middle of the answer's body.
    case truncate
    /// A byte of the answer's body is another.
    case corrupt
}

/// One connection: collects a request, and answers it.
private final class StoreConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private weak var store: ObjectStoreDouble?
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(store: ObjectStoreDouble) { self.store = store }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch self.unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            self.body.clear()
        case .body(var part): self.body.writeBuffer(&part)
        case .end:
            guard let head = self.head.take(), let store = self.store else { return context.close(promise: nil) }
            let (answer, fault) = store.answer(StoreRequest(head, body: self.body))
            self.send(answer, fault, isHead: head.method == .HEAD, context)
        }
    }

    private func send(_ answer: StoreAnswer, _ fault: StoreFault?, isHead: Bool, _ context: ChannelHandlerContext) {
        var body = answer.body
        switch fault {
        case .reset, .loseAnswer: return context.close(promise: nil)
        case .hang: return
        case .corrupt where body.readableBytes > 0:
            let index = body.readerIndex + body.readableBytes / 2
            body.setInteger((body.getInteger(at: index, as: UInt8.self) ?? 0) ^ 0x40, at: index)
        default: break
        }
        var headers = HTTPHeaders(answer.headers)
        if !headers.contains(name: "content-length") {
            headers.add(name: "content-length", value: "\(body.readableBytes)")
        }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: answer.status),
            headers: headers
        )
        context.write(self.wrapOutboundOut(.head(head)), promise: nil)
        if case .truncate = fault {
            let half = body.getSlice(at: body.readerIndex, length: body.readableBytes / 2) ?? ByteBuffer()
            context.writeAndFlush(self.wrapOutboundOut(.body(.byteBuffer(half))), promise: nil)
            return context.close(promise: nil)
        }
        if !isHead { context.write(self.wrapOutboundOut(.body(.byteBuffer(body))), promise: nil) }
        context.writeAndFlush(self.wrapOutboundOut(.end(nil)), promise: nil)
    }
}
