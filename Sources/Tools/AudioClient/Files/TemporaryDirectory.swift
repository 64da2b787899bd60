#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A directory that is gone, with the files in it, when its scope ends.
public struct TemporaryDirectory: Sendable {
    /// The directory.
    public let path: String

    /// Makes a directory under `TMPDIR`, or `/tmp` (mkdtemp(3)).
    ///
    /// - Parameter body: Uses it.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, or ``ClientError`` with code `cannotCreate`.
    public static func with<Value>(
        _ body: (TemporaryDirectory) async throws -> Value
    ) async throws -> Value {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/audio-client-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ErrorHandler.file("mkdtemp", parent, errno, .cannotCreate)
        }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { Self.remove(path) }
        return try await body(TemporaryDirectory(path: path))
    }

    /// Removes a tree of files and directories; what can't be removed stays.
    private static func remove(_ path: String) {
        if let directory = opendir(path) {
            var names: [String] = []
            while let entry = readdir(directory) {
                let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
                }
                if name != ".", name != ".." { names.append(name) }
            }
            closedir(directory)
            for name in names {
                let child = "\(path)/\(name)"
                if unlink(child) != 0 { self.remove(child) }
            }
        }
        rmdir(path)
    }
}
