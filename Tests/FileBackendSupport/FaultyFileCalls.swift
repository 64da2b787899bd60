import CacheProtocol
package import FileStorage
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The system's file calls, some of which fail when a test says so.
package final class FaultyFileCalls: FileCalls {
    /// A kind of call.
    package enum Call: String, CaseIterable, Sendable {
        case open, create, status, write, read, preallocate, truncate, flush, rename, unlink, names
        case setAttribute, attribute, freeBytes, lock

        /// Whether the directory or a file is another one afterwards.
        package var isChange: Bool {
            switch self {
            case .create, .write, .preallocate, .truncate, .flush, .rename, .unlink, .setAttribute: true
            case .open, .status, .read, .names, .attribute, .freeBytes, .lock: false
            }
        }
    }

    /// Which calls fail, and how.
    package struct Fault: Sendable {
        /// The kinds of calls that are counted and fail.
        package var calls: Set<Call>
        /// The error number (errno(3)).
        package var number: CInt
        /// The first of them that fails, counted from 1.
        package var from: Int
        /// Whether all after it fail as well.
        package var isLasting: Bool

        package init(calls: Set<Call>, number: CInt, from: Int = 1, isLasting: Bool = true) {
            self.calls = calls
            self.number = number
            self.from = from
            self.isLasting = isLasting
        }
    }

    package init() {}

    private let base = POSIXFileCalls()
    private let state = Mutex(State())

    private struct State {
        var fault: Fault?
        var count = 0
        var hits = 0
        var writesAtMost = Int.max
        var attributesAtMost = Int.max
        var freeBytes: Int64?
        var hook: (@Sendable (Call, String) -> Void)?
        var writes: [Range<Int64>]?
        var boots = 0
    }

    /// Makes calls fail from now on; `nil` ends that.
    package func inject(_ fault: Fault?) {
        self.state.withLock { state in
            state.fault = fault
            state.count = 0
            state.hits = 0
        }
    }

    /// How many calls have failed since ``inject(_:)``.
    package var hits: Int { self.state.withLock { $0.hits } }

    /// Every write takes at most so many bytes; `nil` for all.
    package func writeAtMost(_ count: Int?) { self.state.withLock { $0.writesAtMost = count ?? .max } }

    /// No attribute may be longer, as on ext4; `nil` for what the file system takes.
    package func attributesAtMost(_ count: Int?) { self.state.withLock { $0.attributesAtMost = count ?? .max } }

    /// Notes from now on which bytes each write is given.
    package func noteWrites() { self.state.withLock { $0.writes = [] } }

    /// Which bytes of their files the writes since ``noteWrites()`` were given, in order.
    package var notedWrites: [Range<Int64>] { self.state.withLock { $0.writes ?? [] } }

    /// What the file system says is free; `nil` for the truth.
    package func pretendFree(_ bytes: Int64?) { self.state.withLock { $0.freeBytes = bytes } }

    /// Called before each call, with the path it is about.
    package func hook(_ hook: (@Sendable (Call, String) -> Void)?) { self.state.withLock { $0.hook = hook } }

    /// The machine's next boot: what was not flushed may be lost.
    package func reboot() { self.state.withLock { $0.boots += 1 } }

    package var bootID: String? { "boot-\(self.state.withLock { $0.boots })" }

    private func pass(_ call: Call, _ path: String) throws(SystemCallError) {
        let (number, hook) = self.state.withLock { state -> (CInt?, (@Sendable (Call, String) -> Void)?) in
            guard let fault = state.fault, fault.calls.contains(call) else { return (nil, state.hook) }
            state.count += 1
            guard fault.isLasting ? state.count >= fault.from : state.count == fault.from else {
                return (nil, state.hook)
            }
            state.hits += 1
            return (fault.number, state.hook)
        }
        hook?(call, path)
        if let number { throw SystemCallError(call: call.rawValue, path: path, number: number) }
    }

    package func openDirectory(_ path: String) throws(SystemCallError) -> OpenFile { try self.base.openDirectory(path) }

    package func open(_ name: String, in directory: OpenFile, _ access: FileAccess) throws(SystemCallError) -> OpenFile
    {
        try self.pass(access == .create || access == .openOrCreate ? .create : .open, name)
        return try self.base.open(name, in: directory, access)
    }

    package func exists(_ name: String, in directory: OpenFile) throws(SystemCallError) -> Bool {
        try self.pass(.status, name)
        return try self.base.exists(name, in: directory)
    }

    package func status(of file: OpenFile) throws(SystemCallError) -> FileStatus {
        try self.pass(.status, file.path)
        return try self.base.status(of: file)
    }

    package func status(of name: String, in directory: OpenFile) throws(SystemCallError) -> FileStatus {
        try self.pass(.status, name)
        return try self.base.status(of: name, in: directory)
    }

    package func write(_ bytes: UnsafeRawBufferPointer, to file: OpenFile, at offset: Int64) throws(SystemCallError)
        -> Int
    {
        try self.pass(.write, file.path)
        let count = self.state.withLock { state in
            state.writes?.append(offset..<offset + Int64(bytes.count))
            return min(bytes.count, state.writesAtMost)
        }
        return try self.base.write(UnsafeRawBufferPointer(rebasing: bytes[..<count]), to: file, at: offset)
    }

    package func read(
        into bytes: UnsafeMutableRawBufferPointer,
        from file: OpenFile,
        at offset: Int64
    ) throws(SystemCallError) -> Int {
        try self.pass(.read, file.path)
        return try self.base.read(into: bytes, from: file, at: offset)
    }

    package func readNow(
        into bytes: UnsafeMutableRawBufferPointer,
        from file: OpenFile,
        at offset: Int64
    ) throws(SystemCallError) -> Int? {
        try self.pass(.read, file.path)
        return try self.base.readNow(into: bytes, from: file, at: offset)
    }

    package func preallocate(_ file: OpenFile, from offset: Int64, count: Int64) throws(SystemCallError) -> Bool {
        do throws(SystemCallError) {
            try self.pass(.preallocate, file.path)
        } catch {
            // As ext4 does: the blocks that were found before there were no more are kept.
            _ = try? self.base.preallocate(file, from: offset, count: max(1, count / 2))
            throw error
        }
        return try self.base.preallocate(file, from: offset, count: count)
    }

    package func firstUnwritten(in file: OpenFile, below size: Int64) throws(SystemCallError) -> Int64? {
        try self.base.firstUnwritten(in: file, below: size)
    }

    package func truncate(_ file: OpenFile, to size: Int64) throws(SystemCallError) {
        try self.pass(.truncate, file.path)
        try self.base.truncate(file, to: size)
    }

    package func setModified(_ milliseconds: Int64, of file: OpenFile) throws(SystemCallError) {
        try self.base.setModified(milliseconds, of: file)
    }

    package func flush(_ file: OpenFile) throws(SystemCallError) {
        try self.pass(.flush, file.path)
        try self.base.flush(file)
    }

    package func rename(_ name: String, to newName: String, in directory: OpenFile) throws(SystemCallError) {
        try self.pass(.rename, name)
        try self.base.rename(name, to: newName, in: directory)
    }

    package func unlink(_ name: String, in directory: OpenFile) throws(SystemCallError) {
        try self.pass(.unlink, name)
        try self.base.unlink(name, in: directory)
    }

    package func names(in directory: OpenFile, _ body: (String) -> Bool) throws(SystemCallError) {
        try self.pass(.names, directory.path)
        try self.base.names(in: directory, body)
    }

    package func setAttribute(_ name: String, to bytes: [UInt8], of file: OpenFile) throws(SystemCallError) {
        try self.pass(.setAttribute, file.path)
        guard bytes.count <= self.state.withLock({ $0.attributesAtMost }) else {
            throw SystemCallError(call: "fsetxattr", path: file.path, number: ENOSPC)
        }
        try self.base.setAttribute(name, to: bytes, of: file)
    }

    package func attribute(_ name: String, of file: OpenFile) throws(SystemCallError) -> [UInt8]? {
        try self.pass(.attribute, file.path)
        return try self.base.attribute(name, of: file)
    }

    package func freeBytes(of directory: OpenFile) throws(SystemCallError) -> Int64 {
        try self.pass(.freeBytes, directory.path)
        if let bytes = self.state.withLock({ $0.freeBytes }) { return bytes }
        return try self.base.freeBytes(of: directory)
    }

    package func lock(_ file: OpenFile) throws(SystemCallError) -> Bool {
        try self.pass(.lock, file.path)
        return try self.base.lock(file)
    }
}
