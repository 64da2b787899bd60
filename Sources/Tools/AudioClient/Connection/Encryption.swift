import NIOCore
import NIOPosix
import NIOSSL
import NIOTLS

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// TLS of the client: whom it trusts, and what is said where that fails.
struct Encryption: Sendable {
    private let context: NIOSSLContext

    /// Reads the authorities.
    ///
    /// - Parameter authorities: A file in PEM; `nil` for those of the system.
    /// - Throws: ``ClientError`` with code `configuration` where the file is none.
    init(authorities: String?) throws(ClientError) {
        do {
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.minimumTLSVersion = .tlsv12
            configuration.applicationProtocols = ["http/1.1"]
            if let authorities {
                configuration.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(authorities))
            }
            self.context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw ClientError(
                .configuration,
                "\(authorities ?? "The system's authorities") can't be read as certificates: \(error).",
                remedy: "Name a file in PEM with the certificates of those that you trust."
            )
        }
    }

    /// The handler of a connection, which checks that the certificate is one of the server's name or address.
    func handler(for server: ServerURL) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: self.context, serverHostname: Self.name(of: server))
    }

    /// What the certificate has to name; `nil` for an address, which the handler knows.
    private static func name(of server: ServerURL) -> String? {
        (try? SocketAddress(ipAddress: server.host, port: server.port)) == nil ? server.host : nil
    }

    // MARK: Failures

    /// Whether the certificate is the trouble, though it has the right name.
    static func isDistrust(_ error: NIOSSLError) -> Bool { "\(error)".contains("CERTIFICATE_VERIFY_FAILED") }

    /// The error for what else can go wrong.
    static func failure(_ error: any Error, _ server: ServerURL) -> ClientError {
        if let error = error as? NIOSSLExtraError, error == .failedToValidateHostname {
            return ClientError(
                .violation,
                "The certificate of \(server) is that of another host: it does not name \(server.host).",
                remedy: "Use a URL with a name or address that the certificate has."
            )
        }
        let text = "\(error)"
        let signs = ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNEXPECTED_MESSAGE", "UNEXPECTED_RECORD"]
        if signs.contains(where: { text.contains($0) }) {
            return ClientError(
                .violation,
                "\(server) does not speak TLS on this port.",
                remedy: "Use a ws:// URL, or the port that speaks TLS."
            )
        }
        return ClientError(
            .violation,
            "The TLS handshake with \(server) failed: \(text).",
            remedy: "Check that the URL is that of an audio stream cache."
        )
    }

    /// The error for a certificate that is not trusted. What is wrong with it the library does not tell, so it is looked
    /// at once more, over a connection that nothing is said on.
    static func distrust(of server: ServerURL, on group: any EventLoopGroup) async -> ClientError {
        let certificate = await Self.certificate(of: server, on: group)
        let now = Int64(Date().timeIntervalSince1970)
        if let certificate, Int64(certificate.notValidAfter) < now {
            return ClientError(
                .violation,
                "The certificate of \(server) has expired, at \(Self.text(certificate.notValidAfter)).",
                remedy: "Its operator has to renew it; or check this machine's clock."
            )
        }
        if let certificate, Int64(certificate.notValidBefore) > now {
            return ClientError(
                .violation,
                "The certificate of \(server) is not valid before \(Self.text(certificate.notValidBefore)).",
                remedy: "Check this machine's clock."
            )
        }
        return ClientError(
            .violation,
            "The certificate of \(server) comes from an authority that is not trusted here.",
            remedy: "Give the authority's certificate with --ca-file, if you trust it."
        )
    }

    private static func text(_ time: some BinaryInteger) -> String {
        Date(timeIntervalSince1970: Double(time)).formatted(.iso8601)
    }

    /// The certificate that a server shows, whoever vouches for it.
    private static func certificate(of server: ServerURL, on group: any EventLoopGroup) async -> NIOSSLCertificate? {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.certificateVerification = .none
        guard let context = try? NIOSSLContext(configuration: configuration) else { return nil }
        let name = Self.name(of: server)
        let certificate = try? await ClientBootstrap(group: group).connectTimeout(.seconds(5)).connect(
            host: server.host,
            port: server.port
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                let promise = channel.eventLoop.makePromise(of: NIOSSLCertificate?.self)
                let viewer = CertificateViewer(promise)
                try channel.pipeline.syncOperations.addHandlers([
                    NIOSSLClientHandler(context: context, serverHostname: name), viewer,
                ])
                channel.eventLoop.scheduleTask(in: .seconds(5)) { channel.close(promise: nil) }
                return promise.futureResult
            }
        }.get()
        return certificate
    }
}

/// Looks at the certificate that a handshake has brought, and closes.
private final class CertificateViewer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private var promise: EventLoopPromise<NIOSSLCertificate?>?

    init(_ promise: EventLoopPromise<NIOSSLCertificate?>) { self.promise = promise }

    private func finish(_ context: ChannelHandlerContext, _ certificate: NIOSSLCertificate?) {
        self.promise?.succeed(certificate)
        self.promise = nil
        context.close(promise: nil)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case TLSUserEvent.handshakeCompleted = event else { return }
        let handler = try? context.pipeline.syncOperations.handler(type: NIOSSLClientHandler.self)
        self.finish(context, handler?.peerCertificate)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { self.finish(context, nil) }

    func channelInactive(context: ChannelHandlerContext) { self.finish(context, nil) }
}
