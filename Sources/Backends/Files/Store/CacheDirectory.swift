public import CacheProtocol

/// The directory that streams live in, held by one process at a time.
public final class CacheDirectory: Sendable {
    /// The file that carries the lock and, for people, the holder's process id.
    public static let lockName = ".lock"

    let calls: any FileCalls
    let handle: OpenFile
    private let lockFile: OpenFile
    /// How many bytes are kept beside a file; see ``AttributeRoom``.
    let attributeRoom: AttributeRoom

    /// The directory's path as configured.
    public var path: String { self.handle.path }

    /// Opens the directory, making it where it is missing, and locks it.
    ///
    /// The lock (flock(2)) is the kernel's and ends with the process, however that ends.
    ///
    /// - Parameters:
    ///   - path: The directory's path.
    ///   - processID: What to write into the lock file.
    ///   - calls: The file calls.
    /// - Throws: ``CacheError`` with code `io` that names the path and the remedy, or `limit` where another process
    ///   holds the directory.
    public init(path: String, processID: Int32, calls: any FileCalls = POSIXFileCalls()) throws(CacheError) {
        self.calls = calls
        self.handle = try calling { () throws(SystemCallError) in try calls.openDirectory(path) }
        let (handle, text) = (self.handle, Array("\(processID)\n".utf8))
        let lockFile = try calling { () throws(SystemCallError) in
            try calls.open(Self.lockName, in: handle, .openOrCreate)
        }
        self.lockFile = lockFile
        guard try calling({ () throws(SystemCallError) in try calls.lock(lockFile) }) else {
            let holder = try calling { () throws(SystemCallError) in try Self.text(of: lockFile, calls) }
            throw CacheError(
                .limit,
                "The cache directory \(path) is in use by process \(holder). Stop that one, or configure another directory."
            )
        }
        do throws(SystemCallError) {
            try calls.truncate(lockFile, to: 0)
            try calls.write(text, toStartOf: lockFile)
        } catch {
            // The lock is held whether or not its file can name the holder; a full disk must not keep anybody from
            // starting and deleting.
            guard error.isOutOfSpace else { throw error.cacheError() }
        }
        self.attributeRoom = AttributeRoom(of: lockFile, calls)
    }

    private static func text(of file: OpenFile, _ calls: any FileCalls) throws(SystemCallError) -> String {
        let digits = try calls.readStart(of: file, count: 32).prefix {
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
        }
        return digits.isEmpty ? "(unknown)" : String(decoding: digits, as: UTF8.self)
    }
}
