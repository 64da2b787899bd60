import CacheProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the process arranges with its system before it serves.
enum ProcessSetup {
    /// Files are the user's own; a closed pipe or a file size limit is an error of one call, not the end of all.
    static func apply() {
        umask(0o077)
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// Writes a line to standard error.
    static func complain(_ line: String) {
        let bytes = Array((line + "\n").utf8)
        _ = write(STDERR_FILENO, bytes, bytes.count)
    }

    /// Whether a person looks at what is written there.
    static func isTerminal(_ descriptor: Int32) -> Bool { isatty(descriptor) == 1 }

    /// A path from the root, for somebody who may be elsewhere.
    static func absolute(_ path: String) -> String {
        guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        return "\(String(cString: here))/\(path)"
    }

    /// A file's bytes.
    static func contents(of path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Self.unreadable(path) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &block, block.count)
            guard count >= 0 else { throw Self.unreadable(path) }
            guard count > 0, bytes.count < 16 << 20 else { return bytes }
            bytes += block[..<count]
        }
    }

    private static func unreadable(_ path: String) -> ConfigError {
        ConfigError(
            file: path,
            keyPath: "(the whole file)",
            found: "nothing readable (\(String(cString: strerror(errno))))",
            accepted: "a JSON file; see Configs/ for examples"
        )
    }
}
