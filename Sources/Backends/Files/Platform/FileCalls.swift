/// The file calls that backends make, all of them: the seam between this system and a platform, and the place where
/// tests put a disk that fails.
///
/// Names are relative to an open directory, so that nothing outside of it can be reached. A call that is interrupted
/// (EINTR) is repeated and never reported; everything else is reported as the kernel reports it.
public protocol FileCalls: Sendable {
    /// Which boot of the machine this is, without spaces: what the page cache had in another one is lost. `nil` where that
    /// is not to be found out.
    var bootID: String? { get }
    /// Opens a directory, making it (mode 0700, parents too) where it is missing.
    func openDirectory(_ path: String) throws(SystemCallError) -> OpenFile
    /// openat(2) of a regular file, without following a link and without waiting for a FIFO's other end.
    func open(_ name: String, in directory: OpenFile, _ access: FileAccess) throws(SystemCallError) -> OpenFile
    /// faccessat(2): whether there is anything of that name.
    func exists(_ name: String, in directory: OpenFile) throws(SystemCallError) -> Bool
    /// fstat(2).
    func status(of file: OpenFile) throws(SystemCallError) -> FileStatus
    /// fstatat(2) of a regular file, without following a link.
    func status(of name: String, in directory: OpenFile) throws(SystemCallError) -> FileStatus
    /// pwrite(2); may write less than it was given.
    func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile, at offset: Int64) throws(SystemCallError) -> Int
    /// pread(2), waiting for the device.
    func read(into bytes: UnsafeMutableRawBufferPointer, from file: OpenFile, at offset: Int64) throws(SystemCallError)
        -> Int
    /// preadv2(2) with RWF_NOWAIT: `nil` where a byte would have to be waited for.
    func readNow(into bytes: UnsafeMutableRawBufferPointer, from file: OpenFile, at offset: Int64)
        throws(SystemCallError) -> Int?
    /// fallocate(2) with FALLOC_FL_KEEP_SIZE: `false` where the file system has no such thing.
    func preallocate(_ file: OpenFile, from offset: Int64, count: Int64) throws(SystemCallError) -> Bool
    /// ioctl(2), FS_IOC_FIEMAP, once the page cache was written: where the first blocks begin, below `size`, that were
    /// allocated and never written, or `size`; `nil` where the file system does not tell.
    func firstUnwritten(in file: OpenFile, below size: Int64) throws(SystemCallError) -> Int64?
    /// ftruncate(2); also frees blocks allocated beyond the end.
    func truncate(_ file: OpenFile, to size: Int64) throws(SystemCallError)
    /// futimens(2): when the contents changed last, in milliseconds since 1970.
    func setModified(_ milliseconds: Int64, of file: OpenFile) throws(SystemCallError)
    /// fsync(2), through the device's cache where the platform can.
    func flush(_ file: OpenFile) throws(SystemCallError)
    /// renameat(2) inside one directory.
    func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemCallError)
    /// unlinkat(2).
    func unlink(_ name: String, in directory: OpenFile) throws(SystemCallError)
    /// readdir(3): calls `body` with each name but `.` and `..`, in no order, until it returns `false`.
    func names(in directory: OpenFile, _ body: (String) -> Bool) throws(SystemCallError)
    /// fsetxattr(2).
    func setAttribute(_ name: String, to bytes: [UInt8], of file: OpenFile) throws(SystemCallError)
    /// fgetxattr(2): `nil` where the file has no such attribute, or the file system has none at all.
    func attribute(_ name: String, of file: OpenFile) throws(SystemCallError) -> [UInt8]?
    /// fstatvfs(3): the bytes that an unprivileged process can still allocate.
    func freeBytes(of directory: OpenFile) throws(SystemCallError) -> Int64
    /// flock(2), exclusive and without waiting: `false` where somebody else holds it.
    func lock(_ file: OpenFile) throws(SystemCallError) -> Bool
}

/// What a file is opened for.
public enum FileAccess: Hashable, Sendable {
    /// Reading a file that is there.
    case read
    /// Reading and writing a file that is there.
    case update
    /// Reading and writing a file that is not there yet (mode 0600).
    case create
    /// Reading and writing a file, made (mode 0600) where it is missing.
    case openOrCreate
}

/// What fstat(2) says about a regular file.
public struct FileStatus: Hashable, Sendable {
    /// The length in bytes.
    public var size: Int64
    /// When the contents changed last, in milliseconds since 1970.
    public var modifiedMilliseconds: Int64
    /// The blocks allocated, in bytes.
    public var allocatedBytes: Int64
}
