public import CacheProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension S3Credentials {
    /// Finds the credentials: in the configuration's file, or in the environment's `AWS_ACCESS_KEY_ID`,
    /// `AWS_SECRET_ACCESS_KEY` and, for temporary ones, `AWS_SESSION_TOKEN`.
    ///
    /// - Parameters:
    ///   - configuration: Which file, if any.
    ///   - environment: The environment; the process's own by default.
    /// - Returns: The credentials.
    /// - Throws: ``/CacheProtocol/CacheError`` with code `configuration` that says what is missing, without a word of what is there.
    public static func find(
        for configuration: S3Configuration,
        environment: [String: String]? = nil
    ) throws(CacheError) -> S3Credentials {
        guard let path = configuration.credentialsFile else {
            let environment = environment ?? ProcessInfo.processInfo.environment
            guard let key = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"],
                !key.isEmpty, !secret.isEmpty
            else {
                throw CacheError(
                    .configuration,
                    "There are no credentials for the store. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a "
                        + "file (credentialsFile)."
                )
            }
            return S3Credentials(
                accessKeyID: key,
                secretAccessKey: secret,
                sessionToken: environment["AWS_SESSION_TOKEN"].flatMap { $0.isEmpty ? nil : $0 }
            )
        }
        return try self.read(path, profile: configuration.profile)
    }

    private static func read(_ path: String, profile: String) throws(CacheError) -> S3Credentials {
        func fault(_ what: String) -> CacheError { CacheError(.configuration, "The credentials file \(path) \(what)") }
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw fault("can't be looked at: \(String(cString: strerror(errno))).")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw fault("may be read by others. Take that from them: chmod 600 \(path)")
        }
        guard status.st_size <= 1 << 20, let data = FileManager.default.contents(atPath: path) else {
            throw fault("can't be read.")
        }
        guard let credentials = Self.parse(String(decoding: data, as: UTF8.self), profile: profile) else {
            throw fault("has no aws_access_key_id and aws_secret_access_key in its section [\(profile)].")
        }
        return credentials
    }

    /// Reads the format of `~/.aws/credentials`: sections in brackets, and lines of `name = value`.
    ///
    /// - Parameters:
    ///   - text: The file's text.
    ///   - profile: The section.
    /// - Returns: `nil` where the section, or one of the two keys in it, is missing.
    static func parse(_ text: String, profile: String) -> S3Credentials? {
        var section: Substring = ""
        var values: [Substring: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.trimmingPrefix(while: \.isWhitespace)
            if line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                section = line[line.index(after: line.startIndex)..<end]
                continue
            }
            guard section == profile, let equals = line.firstIndex(of: "=") else { continue }
            let name = line[..<equals].split(whereSeparator: \.isWhitespace).first ?? ""
            let value = line[line.index(after: equals)...].split(whereSeparator: \.isWhitespace).first ?? ""
            values[name] = String(value)
        }
        guard let key = values["aws_access_key_id"], let secret = values["aws_secret_access_key"], !key.isEmpty,
            !secret.isEmpty
        else { return nil }
        return S3Credentials(accessKeyID: key, secretAccessKey: secret, sessionToken: values["aws_session_token"])
    }
}
