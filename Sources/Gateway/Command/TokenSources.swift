import CacheProtocol
import GatewayServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads the tokens that a configuration names. They are in a file of the gateway's user alone, or in the environment,
/// never in the configuration itself.
enum TokenSources {
    private static let longestFile = 1 << 20

    /// The tokens, from both sources where both are named.
    ///
    /// - Parameters:
    ///   - configuration: Names the sources.
    ///   - file: The configuration's file, for messages.
    /// - Returns: Which tokens there are.
    /// - Throws: ``ConfigError`` where a source can't be read, or a line is none.
    static func policy(for configuration: GatewayConfiguration, file: String) throws(ConfigError) -> AccessPolicy {
        guard configuration.tokenFile != nil || configuration.tokenVariable != nil else { return .open }
        var entries: [AccessPolicy.Entry] = []
        if let path = configuration.tokenFile {
            entries += try TokenList.parse(try Self.contents(of: path, file: file), source: path)
        }
        if let name = configuration.tokenVariable {
            guard let text = getenv(name).map({ String(cString: $0) }), !text.isEmpty else {
                throw ConfigError(
                    file: file,
                    keyPath: "security.tokenVariable",
                    found: "\"\(name)\", which the environment has not",
                    accepted: "the name of a variable with lines of tokens"
                )
            }
            entries += try TokenList.parse(text, source: "the variable \(name)")
        }
        return .tokens(entries)
    }

    private static func contents(of path: String, file: String) throws(ConfigError) -> String {
        func fault(_ found: String, _ accepted: String) -> ConfigError {
            ConfigError(file: file, keyPath: "security.tokenFile", found: "\(path), \(found)", accepted: accepted)
        }
        // Without waiting for a writer, should it be a pipe.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw fault("which can't be read (\(String(cString: strerror(errno))))", "a file that the gateway can read")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw fault("which is no regular file", "a file of tokens")
        }
        guard status.st_mode & 0o077 == 0 else {
            throw fault(
                "which others may open (mode \(String(status.st_mode & 0o777, radix: 8)))",
                "a file of the gateway's user alone: chmod 600 \(path)"
            )
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw fault("which belongs to the user \(status.st_uid)", "a file of the gateway's user or of root")
        }
        guard status.st_size <= Self.longestFile else {
            throw fault("of \(status.st_size) bytes", "no more than \(Self.longestFile) bytes")
        }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while bytes.count <= Self.longestFile {
            let count = read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw fault("which can't be read", "a file that the gateway can read") }
            if count == 0 { break }
            bytes += block[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
