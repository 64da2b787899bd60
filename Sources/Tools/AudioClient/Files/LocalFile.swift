#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An open file that is closed when nobody holds it any more. The file manager of the original system.
///
/// Its calls block; offsets are given each time, so that one file can be used from several places.
final class LocalFile: Sendable {
    /// The path that it was opened by.
    let path: String
    private let descriptor: Int32

    private init(path: String, descriptor: Int32) {
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(self.descriptor) }

    /// Opens a file for reading (open(2)).
    ///
    /// - Parameter path: The file.
    /// - Throws: ``ClientError`` with code `noInput`.
    static func reading(_ path: String) throws(ClientError) -> LocalFile {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw ErrorHandler.file("open", path, errno, .noInput) }
        return LocalFile(path: path, descriptor: descriptor)
    }

    /// Makes a file that must not be there yet (open(2) with `O_EXCL`).
    ///
    /// - Parameter path: The file.
    /// - Throws: ``ClientError`` with code `cannotCreate`.
    static func creating(_ path: String) throws(ClientError) -> LocalFile {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ErrorHandler.file("open", path, errno, .cannotCreate) }
        return LocalFile(path: path, descriptor: descriptor)
    }

    /// Opens a file for writing, made where it is not there, that no other process of this program writes (open(2),
    /// flock(2)).
    ///
    /// - Parameter path: The file.
    /// - Throws: ``ClientError`` with code `cannotCreate`.
    static func growing(_ path: String) throws(ClientError) -> LocalFile {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
        guard descriptor >= 0 else { throw ErrorHandler.file("open", path, errno, .cannotCreate) }
        let file = LocalFile(path: path, descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else { throw ErrorHandler.file("flock", path, errno, .cannotCreate) }
            throw ClientError(
                .cannotCreate,
                "\(path) is being written by another audio-client.",
                remedy: "Wait for it, or name another file."
            )
        }
        return file
    }

    /// The length of a regular file (fstat(2)).
    ///
    /// - Throws: ``ClientError`` with code `noInput` where the file is not a regular one.
    func size() throws(ClientError) -> Int64 {
        var info = stat()
        guard fstat(self.descriptor, &info) == 0 else { throw ErrorHandler.file("fstat", self.path, errno, .io) }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw ClientError(.noInput, "\(self.path) is not a regular file.", remedy: "Name a file with audio in it.")
        }
        return Int64(info.st_size)
    }

    /// Who may do what with a regular file (fstat(2)): the lowest nine bits of its mode.
    ///
    /// - Throws: ``ClientError`` with code `noInput` where the file is not a regular one.
    func permissions() throws(ClientError) -> UInt32 {
        var info = stat()
        guard fstat(self.descriptor, &info) == 0 else { throw ErrorHandler.file("fstat", self.path, errno, .io) }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw ClientError(.noInput, "\(self.path) is not a regular file.", remedy: "Name a regular file.")
        }
        return UInt32(info.st_mode & 0o777)
    }

    /// Reads until the target is full or the file ends (pread(2)).
    ///
    /// - Parameters:
    ///   - target: Where to put the bytes.
    ///   - offset: Where to begin.
    /// - Returns: How many bytes; fewer than the target holds only at the end of the file.
    func read(into target: UnsafeMutableRawBufferPointer, at offset: Int64) throws(ClientError) -> Int {
        var done = 0
        while done < target.count, let base = target.baseAddress {
            let count = pread(self.descriptor, base + done, target.count - done, off_t(offset) + off_t(done))
            if count == 0 { break }
            if count < 0 {
                if errno == EINTR { continue }
                throw ErrorHandler.file("pread", self.path, errno, .io)
            }
            done += count
        }
        return done
    }

    /// Writes all the bytes (pwrite(2)).
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - offset: Where they go.
    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(ClientError) {
        var done = 0
        while done < bytes.count, let base = bytes.baseAddress {
            let count = pwrite(self.descriptor, base + done, bytes.count - done, off_t(offset) + off_t(done))
            if count < 0 {
                if errno == EINTR { continue }
                throw ErrorHandler.file("pwrite", self.path, errno, .io)
            }
            done += count
        }
    }
}
