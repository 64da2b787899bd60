#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that has its name while it grows, and that what breaks off can be gone on with.
public struct GrowingFile: Sendable {
    /// How many bytes the file had when it was opened.
    public let size: Int64
    let file: LocalFile

    /// The file's path.
    public var path: String { self.file.path }

    /// Opens a file, or makes it, and keeps others of this program from writing it meanwhile (flock(2)).
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - isResuming: Whether to go on with what it has; where not, it must not be there, or be empty.
    /// - Throws: ``ClientError`` with code `cannotCreate`.
    public init(_ path: String, isResuming: Bool) throws(ClientError) {
        self.file = try LocalFile.growing(path)
        self.size = try self.file.size()
        guard isResuming || self.size == 0 else {
            throw ClientError(
                .cannotCreate,
                "\(path) is there already, with \(self.size) bytes.",
                remedy: "Go on with it by --resume, remove it, or name another file."
            )
        }
    }

    /// Checks that a stream can go on where the file ends.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - size: How long the stream is.
    /// - Throws: ``ClientError`` with code `badData` where the file has more than that.
    public func checkFits(_ streamID: String, ofSize size: Int64) throws(ClientError) {
        guard self.size > size else { return }
        throw ClientError(
            .badData,
            "\(self.path) has \(self.size) bytes, and stream \(streamID) only \(size): the file is not of this stream.",
            remedy: "Name the file that the stream was written to before, or another one."
        )
    }
}
