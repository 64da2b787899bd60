#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that has its name only once it is complete: until then it is a temporary one beside it.
public struct OutputFile: Sendable {
    /// The name that it is to have.
    public let path: String
    let file: LocalFile

    private init(path: String) throws(ClientError) {
        var info = stat()
        if stat(path, &info) == 0, info.st_mode & S_IFMT != S_IFREG {
            throw ClientError(
                .cannotCreate,
                "\(path) is there and is not a regular file.",
                remedy: "Name the file that is to be written."
            )
        }
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { String(path[...$0]) } ?? ""
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        guard !name.isEmpty, name != ".", name != ".." else {
            throw ClientError(.usage, "\"\(path)\" is no name of a file.", remedy: "Name the file to be written.")
        }
        let chance = String(UInt64.random(in: .min ... .max), radix: 36)
        self.path = path
        self.file = try LocalFile.creating("\(directory).\(name.prefix(100)).\(chance).part")
    }

    /// Makes a file, and gives it its name when `body` has returned; where it throws, nothing is left behind, and a
    /// file that had the name before stays what it was.
    ///
    /// - Parameters:
    ///   - path: The name, of a file that may be there.
    ///   - body: Writes the file.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, or ``ClientError`` with code `cannotCreate` or `io`.
    public static func write<Value>(
        _ path: String,
        _ body: (OutputFile) async throws(ClientError) -> Value
    ) async throws(ClientError) -> Value {
        let output = try OutputFile(path: path)
        do throws(ClientError) {
            let value = try await body(output)
            guard rename(output.file.path, path) == 0 else {
                throw ErrorHandler.file("rename", path, errno, .cannotCreate)
            }
            return value
        } catch {
            unlink(output.file.path)
            throw error
        }
    }
}
