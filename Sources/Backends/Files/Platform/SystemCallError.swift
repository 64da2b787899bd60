public import CacheProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A system call that failed: which one, on what, and how (errno(3)).
public struct SystemCallError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The call's name, such as `pwrite`.
    public var call: String
    /// What it was about.
    public var path: String
    /// The error number.
    public var number: CInt

    /// Describes a failed call.
    ///
    /// - Parameters:
    ///   - call: The call's name.
    ///   - path: What it was about.
    ///   - number: The error number.
    public init(call: String, path: String, number: CInt) {
        self.call = call
        self.path = path
        self.number = number
    }

    /// `pwrite of /cache/a.part failed: No space left on device (errno 28)`
    public var description: String {
        "\(self.call) of \(self.path) failed: \(String(cString: strerror(self.number))) (errno \(self.number))"
    }

    /// A call that says it succeeded and did nothing.
    static func tookNothing(_ call: String, _ path: String) -> Self { Self(call: call, path: path, number: EIO) }

    /// Whether the file system has no room, no quota, or no longer files.
    public var isOutOfSpace: Bool { [ENOSPC, EDQUOT, EFBIG].contains(self.number) }

    /// Whether an attribute may have been too long: file systems say so in several ways (setxattr(2)).
    var mayMeanTooLong: Bool { [ENOSPC, E2BIG, ERANGE].contains(self.number) }

    /// Whether there is nothing of that name.
    public var isNotFound: Bool { self.number == ENOENT || self.number == ENOTDIR }

    /// Whether there is something of that name already.
    public var isExisting: Bool { self.number == EEXIST }

    /// Whether the file system does not have what was asked of it.
    public var isUnsupported: Bool { [EOPNOTSUPP, ENOTSUP, ENOSYS].contains(self.number) }

    /// The failure as the contract's error, with what to do about it.
    ///
    /// - Parameters:
    ///   - streamID: The stream concerned.
    ///   - function: The calling function.
    ///   - file: The calling file.
    ///   - line: The calling line.
    /// - Returns: An error of code `storage_full`, `limit` or `io`.
    public func cacheError(
        for streamID: StreamID? = nil,
        function: String = #function,
        file: String = #fileID,
        line: Int = #line
    ) -> CacheError {
        CacheError(
            self.code,
            "\(self). \(self.remedy)",
            streamID: streamID,
            cause: self,
            function: function,
            file: file,
            line: line
        )
    }

    private var code: CacheError.Code {
        if self.isOutOfSpace { return .storageFull }
        switch self.number {
        case EMFILE, ENFILE: return .limit
        default: return .io
        }
    }

    private var remedy: String {
        switch self.number {
        case ENOSPC: "Make room on the file system, blocks or inodes (df -h, df -i), or remove streams."
        case EDQUOT: "Raise the quota of the user that runs the gateway, or remove streams."
        case EFBIG: "Raise the file size limit (ulimit -f), or split the stream."
        case EMFILE: "Raise the limit of open files (ulimit -n, LimitNOFILE=)."
        case ENFILE: "Raise the system's limit of open files (sysctl fs.file-max)."
        case EACCES, EPERM: "Give the user that runs the gateway the right to it."
        case EROFS: "Mount the file system for writing."
        case ELOOP: "A link stands where a file is expected; links are not followed."
        case EIO: "The device failed: look at the kernel's log and check the disk."
        default: "Look at the file and its file system."
        }
    }
}

/// Makes file calls; a failing one becomes the contract's error.
///
/// - Parameters:
///   - streamID: The stream concerned.
///   - body: Makes the calls.
/// - Returns: What `body` returns.
/// - Throws: ``CacheError``; see ``SystemCallError/cacheError(for:function:file:line:)``.
func calling<Value>(
    for streamID: StreamID? = nil,
    function: String = #function,
    file: String = #fileID,
    line: Int = #line,
    _ body: () throws(SystemCallError) -> Value
) throws(CacheError) -> Value {
    do throws(SystemCallError) {
        return try body()
    } catch {
        throw error.cacheError(for: streamID, function: function, file: file, line: line)
    }
}
