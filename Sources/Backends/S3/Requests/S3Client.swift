import AsyncHTTPClient
import CacheProtocol
import Crypto
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// Makes requests of one bucket: signs them, makes them again where that can help, and says what became of them.
final class S3Client: Sendable {
    let endpoint: S3Endpoint
    let credentials: S3Credentials
    let policy: RetryPolicy
    let clock: S3Clock
    let tallies = S3Tallies()
    let bucket = BucketPresence()
    let time = StoreTime()
    /// How long one request with bytes at hand may take.
    private let timeout: TimeAmount
    private let http: HTTPClient
    private let logger: Logger
    /// Whether the store knows conditional writes, as far as it has said.
    private let conditions = Atomic<UInt8>(Conditions.unknown.rawValue)
    /// By how many milliseconds the store's clock is ahead of ours, once it complained.
    private let skew = Atomic<Int64>(0)

    init(_ configuration: S3Configuration, credentials: S3Credentials, clock: S3Clock, logger: Logger) {
        self.endpoint = configuration.endpoint
        self.credentials = credentials
        self.policy = configuration.retries
        self.clock = clock
        self.logger = logger
        self.timeout = .milliseconds(configuration.requestTimeoutMilliseconds)
        var settings = HTTPClient.Configuration()
        settings.httpVersion = .http1Only
        settings.redirectConfiguration = .disallow
        settings.timeout = .init(
            connect: .milliseconds(configuration.connectTimeoutMilliseconds),
            read: self.timeout,
            write: self.timeout
        )
        // Whether and when to try again is decided here, and counted.
        settings.connectionPool.retryConnectionEstablishment = false
        settings.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = configuration.maximumConnections
        self.http = HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: settings)
    }

    deinit {
        // The closure keeps the client until its connections are closed.
        let http = self.http
        http.shutdown { _ in _ = http }
    }

    /// Whether the store knows conditional writes.
    enum Conditions: UInt8 {
        case unknown, known, unsupported
    }

    /// Whether a request may carry a condition: one that can't be repeated only where that is known to work.
    func mayBeConditional(_ request: S3Request) -> Bool {
        switch Conditions(rawValue: self.conditions.load(ordering: .relaxed)) {
        case .known: true
        case .unsupported: false
        case .unknown, nil: request.isRepeatable
        }
    }

    /// Whether the store has shown if it knows conditional writes.
    var hasLearntConditions: Bool {
        self.conditions.load(ordering: .relaxed) != Conditions.unknown.rawValue
    }

    /// The store has done what a condition asked.
    func noteConditions() { self.conditions.store(Conditions.known.rawValue, ordering: .relaxed) }

    /// The store has said that it knows no conditional writes.
    func forgetConditions() {
        let unsupported = Conditions.unsupported.rawValue
        guard self.conditions.exchange(unsupported, ordering: .relaxed) != unsupported else { return }
        self.logger.notice("the store knows no conditional writes; names are looked at before instead")
    }

    /// Makes a request, again where that can help.
    ///
    /// - Parameter request: The request.
    /// - Returns: The answer of a request that was done.
    /// - Throws: ``S3Failure`` where it was not.
    func perform(_ request: S3Request) async throws(S3Failure) -> S3Answer {
        var attempt = 1
        var hasCorrectedClock = false
        while true {
            let failure: S3Failure
            do throws(S3Failure) {
                var answer = try await self.attempt(request)
                answer.wasRepeated = attempt > 1
                return answer
            } catch {
                failure = error
            }
            if self.mayBeClockSkew(failure), !hasCorrectedClock, request.isRepeatable, let theirs = failure.storeTime {
                hasCorrectedClock = true
                let ahead = theirs.millisecondsSinceEpoch - self.clock.wall().millisecondsSinceEpoch
                self.skew.store(ahead, ordering: .relaxed)
                self.logger.warning(
                    "the store's clock and this machine's differ; signing by the store's",
                    metadata: ["seconds": "\(ahead / 1_000)"]
                )
                continue
            }
            let decision = self.policy.decide(after: failure, attempt: attempt, random: .random(in: 0...1))
            guard case .again(let pause) = decision, request.isRepeatable, !Task.isCancelled else {
                // Whoever asked has given up: that says nothing of the store.
                if !Task.isCancelled { self.tallies.failed(failure) }
                throw failure.afterRepeating(attempt > 1)
            }
            attempt += 1
            self.tallies.repeated()
            self.logger.debug(
                "a request is made again",
                metadata: ["request": "\(request.name)", "failure": "\(failure.status) \(failure.code)"]
            )
            do {
                try await self.clock.sleep(pause)
            } catch {
                throw failure
            }
        }
    }

    /// Whether a request was refused because the clocks differ. An answer to HEAD does not say why: then the clocks do.
    private func mayBeClockSkew(_ failure: S3Failure) -> Bool {
        if failure.isClockSkew { return true }
        guard failure.status == 403, failure.code.isEmpty, let ahead = failure.storeAheadMilliseconds else {
            return false
        }
        return abs(ahead) > 300_000
    }

    private func attempt(_ request: S3Request) async throws(S3Failure) -> S3Answer {
        self.tallies.made()
        let deadline: NIODeadline = if case .stream = request.body { .distantFuture } else { .now() + self.timeout }
        let signedAt = self.storeTime
        let begunAt = self.clock.wall()
        do {
            let response = try await self.http.execute(self.signed(request, at: signedAt), deadline: deadline)
            if let date = response.headers.first(name: "date").flatMap(CivilTime.init(httpDate:)) {
                self.time.note(date.timestamp, at: self.clock.wall())
            }
            let answer = try await self.collect(response, of: request)
            guard (200..<300).contains(answer.status), !Self.saysError(answer, to: request) else {
                throw Self.failure(answer, of: request)
            }
            self.tallies.succeeded()
            self.bucket.note(at: begunAt)
            return answer
        } catch var failure as S3Failure {
            failure.storeAheadMilliseconds = failure.storeTime.map {
                $0.millisecondsSinceEpoch - signedAt.millisecondsSinceEpoch
            }
            throw failure
        } catch {
            throw S3Failure(status: 0, code: "", message: Self.text(of: error), request: request.name)
        }
    }

    private func collect(_ response: HTTPClientResponse, of request: S3Request) async throws -> S3Answer {
        var headers: [String: String] = [:]
        for header in response.headers { headers[header.name.lowercased()] = header.value }
        let body = try await response.body.collect(upTo: request.answerLimit)
        let announced = headers["content-length"].flatMap(Int.init)
        if request.method != .head, let announced, announced != body.readableBytes {
            let message = "\(body.readableBytes) of \(announced) bytes came"
            throw S3Failure(status: 0, code: "", message: message, request: request.name)
        }
        return S3Answer(status: Int(response.status.code), headers: headers, body: body)
    }

    /// Whether an answer that began with 200 turned out to be an error, as those to long work may.
    private static func saysError(_ answer: S3Answer, to request: S3Request) -> Bool {
        let isLong = request.method == .post || request.headers.contains { $0.name == "x-amz-copy-source" }
        guard isLong, let root = XMLElement.parse(Array(answer.body.readableBytesView)) else { return false }
        return root.name == "Error"
    }

    static func failure(_ answer: S3Answer, of request: S3Request) -> S3Failure {
        let error = XMLElement.parse(Array(answer.body.readableBytesView)).flatMap { $0.name == "Error" ? $0 : nil }
        return S3Failure(
            // An error inside of a 200 is the store's own trouble.
            status: (200..<300).contains(answer.status) ? 500 : answer.status,
            code: Self.plain(error?.text("Code") ?? ""),
            message: Self.plain(error?.text("Message") ?? ""),
            request: request.name,
            requestID: answer.header("x-amz-request-id").map(Self.plain),
            retryAfterSeconds: answer.header("retry-after").flatMap(Int64.init),
            storeTime: answer.header("date").flatMap(CivilTime.init(httpDate:))?.timestamp
        )
    }

    /// A foreign text as one short line of printable ASCII.
    private static func plain(_ text: String) -> String {
        String(
            decoding: text.utf8.prefix(200).map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") },
            as: UTF8.self
        )
    }

    private static func text(of error: any Error) -> String {
        if let error = error as? HTTPClientError { return error.shortDescription }
        return Self.plain("\(error)")
    }

    // MARK: Signing

    /// What the store's clock shows, as far as is known.
    private var storeTime: Timestamp {
        let shift = self.skew.load(ordering: .relaxed)
        return Timestamp(millisecondsSinceEpoch: self.clock.wall().millisecondsSinceEpoch &+ shift)
    }

    private func signed(_ request: S3Request, at time: Timestamp) -> HTTPClientRequest {
        let scope = SigningScope(time: CivilTime(time), region: self.endpoint.region)
        let payload: SHA256Value?
        var outgoing = HTTPClientRequest(url: self.endpoint.url(request))
        outgoing.method = HTTPMethod(rawValue: request.method.rawValue)
        switch request.body {
        case .none:
            payload = SHA256Value(bytes: SHA256.hash(data: []))
            if request.method == .put || request.method == .post { outgoing.body = .bytes(ByteBuffer()) }
        case .buffers(let buffers, let digest):
            payload = digest
            let count = buffers.reduce(0) { $0 + $1.readableBytes }
            outgoing.body = .stream(BufferSequence(buffers: buffers), length: .known(Int64(count)))
        case .stream(let body, let count, let digest):
            payload = digest
            outgoing.body = .stream(body, length: .known(count))
        }
        let digest = payload?.description ?? ""
        var headers = request.headers
        headers.append(("host", self.endpoint.authority))
        headers.append(("x-amz-content-sha256", digest))
        headers.append(("x-amz-date", scope.time.basic))
        if let token = self.credentials.sessionToken { headers.append(("x-amz-security-token", token)) }
        let canonical = CanonicalRequest(
            method: request.method.rawValue,
            path: self.endpoint.path(request.key),
            query: request.query,
            headers: headers,
            payload: digest
        )
        let signature = RequestSignature(of: canonical, scope: scope, credentials: self.credentials)
        for header in headers { outgoing.headers.add(name: header.name, value: header.value) }
        outgoing.headers.add(name: "authorization", value: signature.authorization)
        return outgoing
    }
}

extension S3Failure {
    /// A condition that failed after the request had been made before may have failed because of that.
    fileprivate func afterRepeating(_ wasRepeated: Bool) -> S3Failure {
        var failure = self
        failure.wasRepeated = wasRepeated
        return failure
    }
}

/// Buffers, one after the other, as often as it takes.
private struct BufferSequence: AsyncSequence, Sendable {
    typealias Element = ByteBuffer
    let buffers: [ByteBuffer]

    func makeAsyncIterator() -> Iterator { Iterator(rest: self.buffers[...]) }

    struct Iterator: AsyncIteratorProtocol {
        var rest: ArraySlice<ByteBuffer>
        mutating func next() async -> ByteBuffer? { self.rest.popFirst() }
    }
}
