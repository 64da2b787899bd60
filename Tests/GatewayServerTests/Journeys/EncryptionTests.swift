import AudioClient
import CacheProtocol
import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("TLS", .timeLimit(.minutes(5)))
struct EncryptionTests {
    private static func client(_ port: Int, host: String = "127.0.0.1", trusting authority: String?) throws
        -> WebSocketClient
    {
        var configuration = ClientConfiguration()
        configuration.certificateAuthorities = authority
        configuration.backoff.maximumRetries = 0
        configuration.connectTimeout = .seconds(120)
        configuration.handshakeTimeout = .seconds(120)
        return try WebSocketClient(server: ServerURL("wss://\(host):\(port)/audio"), configuration: configuration)
    }

    /// What connecting fails with.
    private static func error(_ client: WebSocketClient) async -> ClientError? {
        do throws(ClientError) {
            try await client.withConnection { _ in }
            return nil
        } catch {
            return error
        }
    }

    @Test("a file goes there and back encrypted, and the client has checked who it talks to")
    func roundTrip() async throws {
        let directory = try TemporaryDirectory()
        let certificates = try TestCertificates("one", in: directory)
        let tls = try certificates.server()
        let input = directory.file("input")
        let bytes = sample(3_000_000)
        try Data(bytes).write(to: URL(fileURLWithPath: input))
        try await TestGateway.run {
            $0.gateway.tls = tls
        } _: { gateway in
            let client = try Self.client(gateway.port, trusting: certificates.authority)
            let report = try await RoundTrip(client: client).run(input: input, output: directory.file("output"))
            #expect(report.verification.isEqual)
            #expect(try Data(contentsOf: URL(fileURLWithPath: directory.file("output"))) == Data(bytes))
        }
    }

    @Test("a certificate of an unknown authority, of another host, or out of its time is refused, and that is said")
    func refused() async throws {
        let directory = try TemporaryDirectory()
        let certificates = try TestCertificates("one", in: directory)
        let other = try TestCertificates("two", in: directory)
        let cases: [(GatewayConfiguration.TLS, String, String)] = [
            (try certificates.server(file: "a"), other.authority, "authority that is not trusted"),
            (try certificates.server(names: ["elsewhere.example"], file: "b"), certificates.authority, "does not name"),
            (try certificates.server(days: -2 ... -1, file: "c"), certificates.authority, "has expired"),
            (try certificates.server(days: 1...2, file: "d"), certificates.authority, "not valid before"),
        ]
        for (tls, authority, words) in cases {
            try await TestGateway.run {
                $0.gateway.tls = tls
            } _: { gateway in
                let error = await Self.error(try Self.client(gateway.port, trusting: authority))
                #expect(error?.code == .violation && error?.sentence.contains(words) == true, "\(error as Any)")
            }
        }
        // Nobody vouches for it to the system either.
        let tls = try certificates.server(names: ["localhost"], file: "e")
        try await TestGateway.run {
            $0.gateway.tls = tls
        } _: { gateway in
            let stranger = try Self.client(gateway.port, host: "localhost", trusting: nil)
            #expect(await Self.error(stranger) != nil)
            let friend = try Self.client(gateway.port, host: "localhost", trusting: certificates.authority)
            #expect(await Self.error(friend) == nil)
        }
        let missing = #expect(throws: ClientError.self) {
            try Self.client(1, trusting: directory.file("nothing.pem"))
        }
        #expect(missing?.code == .configuration)
    }

    @Test("plain text on the port of TLS is told so, and TLS on the port of plain text")
    func mixedUp() async throws {
        let certificates = try TestCertificates("one", in: try TemporaryDirectory())
        let tls = try certificates.server()
        try await TestGateway.run {
            $0.gateway.tls = tls
        } _: { gateway in
            for request in [RawPeer.upgradeRequest(), "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "\u{0}\u{1}"]
            {
                let peer = try await gateway.connect()
                peer.send(request)
                let (head, body) = try await peer.response()
                #expect(head.status == 400 && body.contains("wss://"))
                try await peer.expectEnd()
            }
            try await Self.client(gateway.port, trusting: certificates.authority).withConnection { _ in }
        }
        try await TestGateway.run { gateway in
            let error = await Self.error(try Self.client(gateway.port, trusting: certificates.authority))
            #expect(
                error?.code == .violation && error?.sentence.contains("does not speak TLS") == true,
                "\(error as Any)"
            )
            try await gateway.peer().settle()
        }
    }

    @Test("versions of TLS before 1.2 are refused")
    func oldVersions() async throws {
        let certificates = try TestCertificates("one", in: try TemporaryDirectory())
        let tls = try certificates.server()
        try await TestGateway.run {
            $0.gateway.tls = tls
        } _: { gateway in
            for (version, isFine) in [(TLSVersion.tlsv1, false), (.tlsv11, false), (.tlsv12, true), (.tlsv13, true)] {
                var configuration = TLSConfiguration.makeClientConfiguration()
                configuration.minimumTLSVersion = version
                configuration.maximumTLSVersion = version
                configuration.certificateVerification = .none
                let context = try NIOSSLContext(configuration: configuration)
                let result = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                    .connect(host: "127.0.0.1", port: gateway.port) { channel in
                        channel.eventLoop.makeCompletedFuture {
                            let promise = channel.eventLoop.makePromise(of: Bool.self)
                            try channel.pipeline.syncOperations.addHandlers([
                                NIOSSLClientHandler(context: context, serverHostname: nil), HandshakeWatcher(promise),
                            ])
                            return promise.futureResult
                        }
                    }.get()
                #expect(result == isFine, "\(version)")
            }
        }
    }

    @Test("who never comes to the end of the handshake is cut off like who never sends a header")
    func silence() async throws {
        let tls = try TestCertificates("one", in: try TemporaryDirectory()).server()
        try await TestGateway.run {
            $0.gateway.tls = tls
            $0.gateway.headerTimeoutSeconds = 1
            $0.gateway.closeTimeoutSeconds = 1
        } _: { gateway in
            let silent = try await gateway.connect()
            let slow = try await gateway.connect()
            // The beginning of a record that never comes.
            slow.send([22, 3, 1, 2, 0, 1])
            try await silent.readToEnd()
            try await slow.readToEnd()
        }
    }

    @Test("a certificate, or a key, that is none or another's is refused at the start, by its file")
    func badFiles() throws {
        let directory = try TemporaryDirectory()
        let certificates = try TestCertificates("one", in: directory)
        let good = try certificates.server(file: "good")
        let other = try certificates.server(file: "other")
        func error(_ certificate: String, _ key: String) -> ConfigError? {
            var configuration = GatewayConfiguration()
            configuration.tls = .init(certificate: certificate, key: key)
            do throws(ConfigError) {
                try configuration.checkCertificate(file: "f.json")
                return nil
            } catch {
                return error
            }
        }
        #expect(error(good.certificate, good.key) == nil)
        #expect(error(good.key, good.key)?.keyPath == "listen.tlsCertificate")
        #expect(error(directory.file("nothing"), good.key)?.keyPath == "listen.tlsCertificate")
        #expect(error(good.certificate, directory.file("nothing"))?.keyPath == "listen.tlsKey")
        #expect(error(good.certificate, good.certificate)?.keyPath == "listen.tlsKey")
        let mismatch = error(good.certificate, other.key)
        #expect(mismatch?.keyPath == "listen.tlsKey" && mismatch?.found.contains(other.key) == true)
    }
}

/// Tells whether a handshake comes about.
private final class HandshakeWatcher: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var promise: EventLoopPromise<Bool>?

    init(_ promise: EventLoopPromise<Bool>) { self.promise = promise }

    private func finish(_ context: ChannelHandlerContext, _ value: Bool) {
        self.promise?.succeed(value)
        self.promise = nil
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if "\(event)".hasPrefix("handshakeCompleted") { self.finish(context, true) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.finish(context, false) }

    func channelInactive(context: ChannelHandlerContext) { self.finish(context, false) }
}
