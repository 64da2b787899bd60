import CacheProtocol
import GatewayServer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What can be said about a file with a secret in it.
enum SecretFile {
    /// Refuses a key that everybody on the machine can read. That a group can is usual, and meant.
    static func checkKey(_ configuration: GatewayConfiguration, file: String) throws(ConfigError) {
        guard let path = configuration.tls?.key else { return }
        var status = stat()
        // A file that is not there is reported by whoever reads it.
        guard stat(path, &status) == 0, status.st_mode & 0o007 != 0 else { return }
        throw ConfigError(
            file: file,
            keyPath: "listen.tlsKey",
            found: "\(path), which everybody may open (mode \(String(status.st_mode & 0o777, radix: 8)))",
            accepted: "a file that others can't open: chmod 600 \(path)"
        )
    }
}
