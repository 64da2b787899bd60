import GatewayServer
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

/// One GET over HTTP, and its answer.
struct HealthQuestion: Hashable, Sendable {
    /// Whose certificate is taken for the gateway's.
    enum Trust: Hashable, Sendable {
        /// Whom the system trusts, for the host's name.
        case system
        /// Whoever answers: the gateway of a configuration is asked on this machine, and told nothing. Its certificate is
        /// for another name than that, comes without its root, and may be newer in its file than in the gateway.
        case anybody
        /// Whom the certificates in this file, in PEM, vouch for, for the host's name or address.
        case authorities(String)
    }

    var host: String
    var port: Int
    var path: String
    /// Whom to trust; `nil` for plain HTTP.
    var trust: Trust?
    /// What `Host` says, where that is not the address.
    var hostField: String?

    /// Asks the gateway of a configuration, as reached from this machine.
    init(_ gateway: GatewayConfiguration) {
        let reachable = Banner.reachable(gateway.host)
        self.host = reachable.hasPrefix("[") ? String(reachable.dropFirst().dropLast()) : reachable
        self.port = gateway.port
        self.path = "/readyz"
        self.trust = gateway.tls.map { _ in .anybody }
        self.hostField = gateway.allowedHosts.first
    }

    /// Takes an `http` or `https` URL apart; `nil` where it is none.
    init?(url: String) {
        let lowercase = url.lowercased()
        guard let scheme = ["http://", "https://"].first(where: { lowercase.hasPrefix($0) }) else { return nil }
        self.trust = scheme == "https://" ? .system : nil
        let rest = url.dropFirst(scheme.count)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        guard !authority.contains("@"), rest.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { return nil }
        let target = rest[authority.endIndex...].prefix { $0 != "#" }
        self.path = target.isEmpty ? "/readyz" : target.hasPrefix("?") ? "/" + target : String(target)
        let portText: Substring
        if authority.hasPrefix("[") {
            guard let bracket = authority.firstIndex(of: "]") else { return nil }
            self.host = String(authority[authority.index(after: authority.startIndex)..<bracket])
            portText = authority[authority.index(after: bracket)...]
        } else {
            let name = authority.prefix { $0 != ":" }
            self.host = String(name)
            portText = authority[name.endIndex...]
        }
        guard !self.host.isEmpty else { return nil }
        if portText.isEmpty {
            self.port = self.trust == nil ? 80 : 443
        } else {
            guard portText.first == ":", let port = Int(portText.dropFirst()), (1...65_535).contains(port) else {
                return nil
            }
            self.port = port
        }
    }

    private var authority: String { (self.host.contains(":") ? "[\(self.host)]" : self.host) + ":\(self.port)" }

    var url: String { "\(self.trust == nil ? "http" : "https")://\(self.authority)\(self.path)" }

    struct Answer: Hashable, Sendable {
        var status: Int
        var body: String
    }

    /// There was no whole answer.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Whether a file has certificates in PEM.
    static func hasCertificates(_ path: String) -> Bool {
        (try? NIOSSLCertificate.fromPEMFile(path))?.isEmpty == false
    }

    /// Asks.
    ///
    /// - Parameter timeout: How long the whole of it may take.
    func ask(timeout: TimeAmount) async throws -> Answer {
        let question = self
        let group = MultiThreadedEventLoopGroup.singleton
        let answer = group.any().makePromise(of: Answer.self)
        // From here on the promise is kept in any case.
        let deadline = answer.futureResult.eventLoop.scheduleTask(in: timeout) {
            answer.fail(Failure(description: "no answer within \(timeout.nanoseconds / 1_000_000_000) s"))
        }
        defer { deadline.cancel() }
        let encryption = try self.trust.map { try Self.encryption($0) }
        let connecting = ClientBootstrap(group: answer.futureResult.eventLoop)
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let encryption {
                        // An address is no name to ask for (RFC 6066, 3).
                        let isAddress = (try? SocketAddress(ipAddress: question.host, port: 0)) != nil
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: encryption, serverHostname: isAddress ? nil : question.host)
                        )
                    }
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    try channel.pipeline.syncOperations.addHandler(AnswerHandler(question: question, answer: answer))
                }
            }
            .connect(host: self.host, port: self.port)
        connecting.whenFailure { answer.fail($0) }
        defer { connecting.whenSuccess { $0.close(promise: nil) } }
        return try await answer.futureResult.get()
    }

    private static func encryption(_ trust: Trust) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        switch trust {
        case .system: break
        case .anybody: configuration.certificateVerification = .none
        case .authorities(let path): configuration.trustRoots = .file(path)
        }
        return try NIOSSLContext(configuration: configuration)
    }

    private final class AnswerHandler: ChannelInboundHandler {
        typealias InboundIn = HTTPClientResponsePart
        typealias OutboundOut = HTTPClientRequestPart

        /// More than any gateway says about its health.
        private static let longestBody = 64 << 10
        private let question: HealthQuestion
        private let answer: EventLoopPromise<Answer>
        private var status = 0
        private var body = ByteBuffer()

        init(question: HealthQuestion, answer: EventLoopPromise<Answer>) {
            self.question = question
            self.answer = answer
        }

        func channelActive(context: ChannelHandlerContext) {
            var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: self.question.path)
            head.headers.add(name: "Host", value: self.question.hostField ?? self.question.authority)
            head.headers.add(name: "Connection", value: "close")
            context.write(Self.wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(Self.wrapOutboundOut(.end(nil)), promise: nil)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch Self.unwrapInboundIn(data) {
            case .head(let head): self.status = Int(head.status.code)
            case .body(var bytes):
                guard self.body.readableBytes + bytes.readableBytes <= Self.longestBody else {
                    return self.answer.fail(Failure(description: "the answer is too long"))
                }
                self.body.writeBuffer(&bytes)
            case .end: self.answer.succeed(Answer(status: self.status, body: String(buffer: self.body)))
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
                self.answer.fail(Failure(description: "its certificate is that of another host"))
            } else if "\(error)".contains("CERTIFICATE_VERIFY_FAILED") {
                let remedy = "name a file with its authority's by --ca-file"
                self.answer.fail(Failure(description: "its certificate is not trusted here; \(remedy)"))
            } else {
                self.answer.fail(error)
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            self.answer.fail(Failure(description: "the connection ended before the answer"))
        }
    }
}
