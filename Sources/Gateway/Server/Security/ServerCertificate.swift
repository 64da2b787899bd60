import CacheProtocol
import NIOCore
import NIOSSL

/// The gateway's certificate and key, read and found to fit each other.
struct ServerCertificate: Sendable {
    /// What new connections are encrypted with.
    let context: NIOSSLContext

    /// Reads the files.
    ///
    /// - Parameters:
    ///   - files: The files, in PEM: the certificate with those that vouch for it behind it, and its key.
    ///   - source: Where the configuration came from, for messages.
    /// - Throws: ``ConfigError`` where a file can't be read, holds something else, or the key is another certificate's.
    init(_ files: GatewayConfiguration.TLS, source: String = "-") throws(ConfigError) {
        let chain: [NIOSSLCertificate]
        do {
            chain = try NIOSSLCertificate.fromPEMFile(files.certificate)
        } catch {
            throw ConfigError(
                file: source,
                keyPath: "listen.tlsCertificate",
                found: "\(files.certificate), which can't be read as certificates (\(error))",
                accepted: "a file in PEM: the certificate, then those that vouch for it"
            )
        }
        let key: NIOSSLPrivateKey
        do {
            key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        } catch {
            throw ConfigError(
                file: source,
                keyPath: "listen.tlsKey",
                found: "\(files.key), which can't be read as a key (\(error))",
                accepted: "a file in PEM with the key of the certificate, not encrypted"
            )
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.renegotiationSupport = .none
        do {
            self.context = try NIOSSLContext(configuration: configuration)
        } catch {
            throw ConfigError(
                file: source,
                keyPath: "listen.tlsKey",
                found: "\(files.key), which does not fit \(files.certificate) (\(error))",
                accepted: "the key of the certificate"
            )
        }
    }
}
