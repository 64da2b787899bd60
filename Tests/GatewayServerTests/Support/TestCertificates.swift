import Crypto
import Foundation
import SwiftASN1
import TestSupport
import X509

@testable import GatewayServer

/// An authority of one test, and the certificates that it vouches for, as files.
struct TestCertificates {
    private let directory: TemporaryDirectory
    private let name: String
    private let key = P256.Signing.PrivateKey()
    private let issuer: DistinguishedName

    /// What clients trust.
    var authority: String { self.directory.file("\(self.name)-authority.pem") }

    init(_ name: String, in directory: TemporaryDirectory) throws {
        self.directory = directory
        self.name = name
        self.issuer = try DistinguishedName { CommonName("\(name) authority") }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: .init(self.key.publicKey),
            notValidBefore: Date.now - 86_400,
            notValidAfter: Date.now + 86_400,
            issuer: self.issuer,
            subject: self.issuer,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: nil))
                Critical(KeyUsage(keyCertSign: true))
            },
            issuerPrivateKey: .init(self.key)
        )
        try self.write(certificate.serializeAsPEM().pemString, to: self.authority)
    }

    /// Makes a certificate that vouches for itself, for the address 127.0.0.1, and its key.
    static func selfSigned(in directory: TemporaryDirectory) throws -> GatewayConfiguration.TLS {
        let own = try Self("self-signed", in: directory)
        return try own.server(file: "self-signed", key: own.key)
    }

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    }

    /// Makes a server's certificate and key.
    ///
    /// - Parameters:
    ///   - names: The host names in it; the address 127.0.0.1 stands in it where there are none.
    ///   - days: For how many days from now it is valid.
    ///   - file: How its files are called.
    ///   - own: Its key, where it is to be the authority's own: then it vouches for itself.
    func server(
        names: [String] = [],
        days: ClosedRange<Double> = -1...1,
        file: String = "server",
        key own: P256.Signing.PrivateKey? = nil
    ) throws -> GatewayConfiguration.TLS {
        let key = own ?? P256.Signing.PrivateKey()
        let alternatives: [GeneralName] =
            names.isEmpty ? [.ipAddress(.init(contentBytes: [127, 0, 0, 1]))] : names.map { .dnsName($0) }
        let certificate = try Certificate(
            version: .v3,
            serialNumber: Certificate.SerialNumber(),
            publicKey: .init(key.publicKey),
            notValidBefore: Date.now + 86_400 * days.lowerBound,
            notValidAfter: Date.now + 86_400 * days.upperBound,
            issuer: self.issuer,
            subject: own == nil ? try DistinguishedName { CommonName("server") } : self.issuer,
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions { SubjectAlternativeNames(alternatives) },
            issuerPrivateKey: .init(self.key)
        )
        let files = GatewayConfiguration.TLS(
            certificate: self.directory.file("\(file).pem"),
            key: self.directory.file("\(file).key")
        )
        try self.write(certificate.serializeAsPEM().pemString, to: files.certificate)
        try self.write(key.pemRepresentation, to: files.key)
        return files
    }
}
