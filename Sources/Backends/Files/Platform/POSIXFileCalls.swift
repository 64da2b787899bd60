import CFileCalls

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The file calls of Linux and Darwin (POSIX.1-2017); what the two call differently is in `CFileCalls.c`.
public struct POSIXFileCalls: FileCalls {
    /// The calls of this machine.
    public init() {}

    /// See ``FileCalls``: `/proc/sys/kernel/random/boot_id` (random(4)), `kern.bootsessionuuid`.
    public var bootID: String? { Self.bootID }

    private static let bootID: String? = {
        var bytes = [CChar](repeating: 0, count: 64)
        guard c_boot_id(&bytes, bytes.count) == 0 else { return nil }
        let id = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return id.isEmpty || id.contains { $0.isWhitespace } ? nil : id
    }()

    /// See ``FileCalls``.
    public func openDirectory(_ path: String) throws(SystemCallError) -> OpenFile {
        try self.makeDirectories(path)
        let descriptor = try self.result("open", path) { openPath(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0) }
        return OpenFile(descriptor: descriptor, path: path)
    }

    /// mkdir(2) of every missing part of a path.
    private func makeDirectories(_ path: String) throws(SystemCallError) {
        var end = path.startIndex
        while end != path.endIndex {
            end = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
            let part = String(path[..<end])
            guard mkdir(part, 0o700) != 0, errno != EEXIST else { continue }
            let number = errno
            var info = stat()
            guard stat(part, &info) != 0 else { continue }
            throw SystemCallError(call: "mkdir", path: part, number: number)
        }
    }

    /// See ``FileCalls``.
    public func open(_ name: String, in directory: OpenFile, _ access: FileAccess) throws(SystemCallError) -> OpenFile {
        let path = "\(directory.path)/\(name)"
        let flags: CInt =
            switch access {
            case .read: O_RDONLY
            case .update: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            case .openOrCreate: O_RDWR | O_CREAT
            }
        let descriptor = try self.result("openat", path) {
            openRelative(directory.descriptor, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
        }
        let file = OpenFile(descriptor: descriptor, path: path)
        var info = stat()
        _ = try self.result("fstat", path) { fstat(descriptor, &info) }
        try Self.expectOnlyFile(info, path)
        c_ignore_access_time(descriptor)
        return file
    }

    /// Anything but a regular file of one name is not ours: a pipe, a device, a directory, or a file that somebody can
    /// change by another name.
    private static func expectOnlyFile(_ info: stat, _ path: String) throws(SystemCallError) {
        guard info.st_mode & S_IFMT == S_IFREG, info.st_nlink <= 1 else {
            throw SystemCallError(
                call: "openat (a regular file without second links is expected)",
                path: path,
                number: EACCES
            )
        }
    }

    /// See ``FileCalls``.
    public func exists(_ name: String, in directory: OpenFile) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try self.result("faccessat", "\(directory.path)/\(name)") {
                faccessat(directory.descriptor, name, F_OK, AT_SYMLINK_NOFOLLOW)
            }
            return true
        } catch {
            if error.isNotFound { return false }
            throw error
        }
    }

    /// See ``FileCalls``.
    public func status(of file: OpenFile) throws(SystemCallError) -> FileStatus {
        var info = stat()
        _ = try self.result("fstat", file.path) { fstat(file.descriptor, &info) }
        return Self.status(info)
    }

    /// See ``FileCalls``.
    public func status(of name: String, in directory: OpenFile) throws(SystemCallError) -> FileStatus {
        let path = "\(directory.path)/\(name)"
        var info = stat()
        _ = try self.result("fstatat", path) { fstatat(directory.descriptor, name, &info, AT_SYMLINK_NOFOLLOW) }
        try Self.expectOnlyFile(info, path)
        return Self.status(info)
    }

    private static func status(_ info: stat) -> FileStatus {
        #if canImport(Darwin)
        let modified = info.st_mtimespec
        #else
        let modified = info.st_mtim
        #endif
        return FileStatus(
            size: Int64(info.st_size),
            // A file may have any time, as far as its file system goes.
            modifiedMilliseconds: min(Int64(modified.tv_sec).multipliedClamped(by: 1_000), .max - 1_000)
                + Int64(modified.tv_nsec) / 1_000_000,
            allocatedBytes: Int64(info.st_blocks) * 512
        )
    }

    /// See ``FileCalls``.
    public func write(
        _ bytes: UnsafeRawBufferPointer,
        to file: OpenFile,
        at offset: Int64
    ) throws(SystemCallError) -> Int {
        try self.result("pwrite", file.path) { pwrite(file.descriptor, bytes.baseAddress, bytes.count, off_t(offset)) }
    }

    /// See ``FileCalls``.
    public func read(
        into bytes: UnsafeMutableRawBufferPointer,
        from file: OpenFile,
        at offset: Int64
    ) throws(SystemCallError) -> Int {
        try self.result("pread", file.path) { pread(file.descriptor, bytes.baseAddress, bytes.count, off_t(offset)) }
    }

    /// See ``FileCalls``.
    public func readNow(
        into bytes: UnsafeMutableRawBufferPointer,
        from file: OpenFile,
        at offset: Int64
    ) throws(SystemCallError) -> Int? {
        let count = c_pread_nowait(file.descriptor, bytes.baseAddress, bytes.count, off_t(offset))
        guard count < 0 else { return count }
        switch errno {
        case EAGAIN, EOPNOTSUPP, EINTR, ENOSYS: return nil
        case let number: throw SystemCallError(call: "preadv2", path: file.path, number: number)
        }
    }

    /// See ``FileCalls``.
    public func preallocate(_ file: OpenFile, from offset: Int64, count: Int64) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try self.result("fallocate", file.path) {
                c_preallocate(file.descriptor, off_t(offset), off_t(count))
            }
            return true
        } catch {
            if error.isUnsupported { return false }
            throw error
        }
    }

    /// See ``FileCalls``.
    public func firstUnwritten(in file: OpenFile, below size: Int64) throws(SystemCallError) -> Int64? {
        do throws(SystemCallError) {
            return Int64(try self.result("ioctl", file.path) { c_first_unwritten(file.descriptor, off_t(size)) })
        } catch {
            if error.isUnsupported || error.number == ENOTTY { return nil }
            throw error
        }
    }

    /// See ``FileCalls``.
    public func truncate(_ file: OpenFile, to size: Int64) throws(SystemCallError) {
        _ = try self.result("ftruncate", file.path) { ftruncate(file.descriptor, off_t(size)) }
    }

    /// See ``FileCalls``.
    public func flush(_ file: OpenFile) throws(SystemCallError) {
        _ = try self.result("fsync", file.path) { c_flush(file.descriptor) }
    }

    /// See ``FileCalls``.
    public func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemCallError) {
        _ = try self.result("renameat", "\(directory.path)/\(name)") {
            renameat(directory.descriptor, name, directory.descriptor, newName)
        }
    }

    /// See ``FileCalls``.
    public func unlink(_ name: String, in directory: OpenFile) throws(SystemCallError) {
        _ = try self.result("unlinkat", "\(directory.path)/\(name)") { unlinkat(directory.descriptor, name, 0) }
    }

    /// See ``FileCalls``.
    public func names(in directory: OpenFile, _ body: (String) -> Bool) throws(SystemCallError) {
        let descriptor = try self.result("openat", directory.path) {
            openRelative(directory.descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
        }
        guard let stream = fdopendir(descriptor) else {
            let number = errno
            _ = close(descriptor)
            throw SystemCallError(call: "fdopendir", path: directory.path, number: number)
        }
        defer { closedir(stream) }
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != "..", !body(name) { return }
            errno = 0
        }
        guard errno == 0 else { throw SystemCallError(call: "readdir", path: directory.path, number: errno) }
    }

    /// See ``FileCalls``.
    public func setModified(_ milliseconds: Int64, of file: OpenFile) throws(SystemCallError) {
        _ = try self.result("futimens", file.path) { c_set_modified(file.descriptor, max(0, milliseconds)) }
    }

    /// See ``FileCalls``.
    public func setAttribute(_ name: String, to bytes: [UInt8], of file: OpenFile) throws(SystemCallError) {
        _ = try self.result("fsetxattr", file.path) { c_set_attribute(file.descriptor, name, bytes, bytes.count) }
    }

    /// See ``FileCalls``.
    public func attribute(_ name: String, of file: OpenFile) throws(SystemCallError) -> [UInt8]? {
        // Few are longer than this; the system's limit is 64 KiB (xattr(7)).
        var bytes = [UInt8](repeating: 0, count: 1_024)
        var count = c_get_attribute(file.descriptor, name, &bytes, bytes.count)
        if count < 0, errno == ERANGE {
            bytes = [UInt8](repeating: 0, count: 64 * 1_024)
            count = c_get_attribute(file.descriptor, name, &bytes, bytes.count)
        }
        guard count < 0 else { return Array(bytes[..<count]) }
        #if canImport(Darwin)
        let none = ENOATTR
        #else
        let none = ENODATA
        #endif
        let error = SystemCallError(call: "fgetxattr", path: file.path, number: errno)
        if error.number == none || error.isUnsupported { return nil }
        throw error
    }

    /// See ``FileCalls``.
    public func freeBytes(of directory: OpenFile) throws(SystemCallError) -> Int64 {
        var info = statvfs()
        _ = try self.result("fstatvfs", directory.path) { fstatvfs(directory.descriptor, &info) }
        return Int64(clamping: info.f_bavail).multipliedClamped(by: Int64(clamping: info.f_frsize))
    }

    /// See ``FileCalls``.
    public func lock(_ file: OpenFile) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            _ = try self.result("flock", file.path) { flock(file.descriptor, LOCK_EX | LOCK_NB) }
            return true
        } catch {
            if error.number == EWOULDBLOCK { return false }
            throw error
        }
    }

    /// Makes a call until it is not interrupted, and turns -1 into an error.
    private func result<Number: SignedInteger>(
        _ call: String,
        _ path: String,
        _ body: () -> Number
    ) throws(SystemCallError) -> Number {
        while true {
            let value = body()
            if value >= 0 { return value }
            if errno != EINTR { throw SystemCallError(call: call, path: path, number: errno) }
        }
    }
}

// Inside the type the names of its own methods hide those of the C library.
private func openPath(_ path: String, _ flags: CInt, _ mode: mode_t) -> CInt { open(path, flags, mode) }
private func openRelative(_ directory: CInt, _ name: String, _ flags: CInt, _ mode: mode_t) -> CInt {
    openat(directory, name, flags, mode)
}
