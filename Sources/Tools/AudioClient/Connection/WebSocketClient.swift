public import Logging
public import NIOCore
import NIOHTTP1
public import NIOPosix
import NIOSSL

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// Opens connections to one server, and tries again where that may help.
public struct WebSocketClient: Sendable {
    /// The server.
    public let server: ServerURL
    /// How the client works.
    public private(set) var configuration: ClientConfiguration
    /// Is told what the client does beyond what it was asked for, and how far it has got; called on event loops, and
    /// often: it must return at once.
    public let observer: @Sendable (ClientEvent) -> Void
    let logger: Logger
    private let group: any EventLoopGroup
    private let encryption: Encryption?

    /// Makes a client; nothing is connected yet.
    ///
    /// - Parameters:
    ///   - server: The server.
    ///   - configuration: How the client works.
    ///   - logger: Where notices go.
    ///   - group: The event loops; the process's own where none are given.
    ///   - observer: Is told what the client does.
    /// - Throws: ``ClientError`` with code `configuration`.
    public init(
        server: ServerURL,
        configuration: ClientConfiguration = ClientConfiguration(),
        logger: Logger = ClientLog.silent,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        observer: @escaping @Sendable (ClientEvent) -> Void = { _ in }
    ) throws(ClientError) {
        try configuration.validate()
        self.server = server
        self.configuration = configuration
        self.logger = logger
        self.group = group
        self.encryption = server.isSecure ? try Encryption(authorities: configuration.certificateAuthorities) : nil
        self.observer = observer
    }

    /// Opens a connection, with retries.
    ///
    /// - Returns: The connection; close it after use.
    /// - Throws: ``ClientError`` of the last attempt.
    public func connect() async throws(ClientError) -> ClientConnection {
        var generator = SystemRandomNumberGenerator()
        var retry = 0
        while true {
            do throws(ClientError) {
                return try await self.connectOnce()
            } catch {
                guard RetryRule.isWorthRetrying(connecting: error),
                    let delay = self.configuration.backoff.delay(beforeRetry: retry, using: &generator)
                else {
                    guard retry > 0 else { throw error }
                    var last = error
                    last.sentence += " That was attempt \(retry + 1), the last one."
                    throw last
                }
                retry += 1
                self.tell(.retrying(attempt: retry, of: self.configuration.backoff.maximumRetries, after: error))
                do {
                    try await Task.sleep(for: delay)
                } catch {
                    throw ErrorHandler.clientError(error, while: "waiting to connect to \(self.server)")
                }
            }
        }
    }

    /// Opens a connection, or fails at the first attempt.
    ///
    /// - Returns: The connection; close it after use.
    /// - Throws: ``ClientError``.
    public func connectOnce() async throws(ClientError) -> ClientConnection {
        try await self.connect(with: self.settings)
    }

    /// What the connections work by.
    var settings: ConnectionSettings {
        ConnectionSettings(
            answerTimeout: self.configuration.answerTimeout,
            pipelineDepth: self.configuration.pipelineDepth,
            logger: self.logger
        )
    }

    /// Opens a connection that works by other settings than most, or fails at the first attempt.
    func connect(with settings: ConnectionSettings) async throws(ClientError) -> ClientConnection {
        do {
            let upgrade = try await self.bootstrap.connect(host: self.server.host, port: self.server.port) { channel in
                channel.eventLoop.makeCompletedFuture { try self.prepare(channel, settings) }
            }
            let connection = try await upgrade.get()
            self.logger.debug(
                "connected",
                metadata: ["url": "\(self.server)", "server": "\(ErrorHandler.printable(connection.server ?? "-"))"]
            )
            return connection
        } catch {
            if let error = error as? NIOSSLError, Encryption.isDistrust(error) {
                throw await Encryption.distrust(of: self.server, on: self.group)
            }
            throw ConnectFailure.clientError(error, server: self.server, timeout: self.configuration.connectTimeout)
        }
    }

    /// The same client in a hurry: it tries nothing again, and waits for no single thing longer than so long.
    func hurried(_ limit: Duration) -> WebSocketClient {
        var client = self
        client.configuration.connectTimeout = min(self.configuration.connectTimeout, limit)
        client.configuration.handshakeTimeout = min(self.configuration.handshakeTimeout, limit)
        client.configuration.answerTimeout = min(self.configuration.answerTimeout, limit)
        client.configuration.backoff.maximumRetries = 0
        return client
    }

    /// Opens a connection for the time of a call.
    ///
    /// - Parameter body: Uses it.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, or ``ClientError`` where connecting failed.
    public func withConnection<Value>(
        _ body: (ClientConnection) async throws(ClientError) -> Value
    ) async throws(ClientError) -> Value {
        let connection = try await self.connect()
        do throws(ClientError) {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Tells an event to the observer, and to the log where a person should know.
    func tell(_ event: ClientEvent) {
        if let notice = event.notice { self.logger.notice("\(notice)") }
        self.observer(event)
    }

    private var bootstrap: ClientBootstrap {
        ClientBootstrap(group: self.group)
            .connectTimeout(self.configuration.connectTimeout.timeAmount)
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 256 << 10))
            .channelOption(.writeBufferWaterMark, value: .init(low: 512 << 10, high: 1 << 20))
    }

    /// Builds the pipeline of a handshake.
    private func prepare(
        _ channel: any Channel,
        _ settings: ConnectionSettings
    ) throws -> EventLoopFuture<ClientConnection> {
        let key = Data((0..<16).map { _ in UInt8.random(in: .min ... .max) }).base64EncodedString()
        let guardian = HandshakeGuard(server: self.server, timeout: self.configuration.handshakeTimeout)
        let encoder = HTTPRequestEncoder()
        let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
        let observer = HandshakeObserver(key: key)
        var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: self.server.target)
        head.headers.add(name: "Host", value: self.server.hostField)
        if let token = self.configuration.token {
            head.headers.add(name: "Authorization", value: "Bearer \(token.value)")
        }
        let upgrader = NIOTypedHTTPClientUpgradeHandler<ClientConnection>(
            httpHandlers: [encoder, decoder, observer],
            upgradeConfiguration: .init(
                upgradeRequestHead: head,
                upgraders: [
                    WebSocketUpgrader(
                        key: key,
                        settings: settings,
                        guardian: NIOLoopBound(guardian, eventLoop: channel.eventLoop)
                    )
                ],
                notUpgradingCompletionHandler: { channel in
                    channel.eventLoop.makeFailedFuture(HandshakeVerdict.violation("its answer is no upgrade"))
                }
            )
        )
        if let encryption = self.encryption {
            try channel.pipeline.syncOperations.addHandler(encryption.handler(for: self.server))
        }
        try channel.pipeline.syncOperations.addHandlers([guardian, encoder, decoder, observer, upgrader])
        return upgrader.upgradeResultFuture
    }
}
