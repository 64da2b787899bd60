import CacheProtocol
import FileStorage

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The files of a cache directory, for reading.
struct CacheFiles: Sendable {
    let calls: any FileCalls
    let directory: OpenFile

    /// Opens a directory that is there.
    init(path: String, calls: any FileCalls) throws(InspectError) {
        var isDirectory = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory else {
            throw InspectError(
                .noIndex,
                "There is no cache directory \(path).",
                remedy: "Name one by --directory, the gateway's configuration by --config, or the index by --db."
            )
        }
        self.calls = calls
        do throws(SystemCallError) {
            self.directory = try calls.openDirectory(path)
        } catch {
            throw InspectError(.noIndex, "\(error).", remedy: "Run this as the user that the gateway runs as.")
        }
    }

    var path: String { self.directory.path }

    /// The name under which a stream's file is found in a state.
    static func name(of id: StreamID, _ state: StreamState) -> String {
        state == .sealed ? StreamFileName.sealed(id) : StreamFileName.unfinished(id)
    }

    /// Opens a file of the directory; links are not followed.
    func open(_ name: String) throws(SystemCallError) -> OpenFile {
        try self.calls.open(name, in: self.directory, .read)
    }

    /// Bytes of a file: fewer than `count` only at its end.
    func read(_ file: OpenFile, at offset: Int64, count: Int) throws(SystemCallError) -> [UInt8] {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 16)
        defer { memory.deallocate() }
        return Array(memory[..<(try self.read(file, at: offset, into: memory))])
    }

    /// Reads until the memory is full or the file ends.
    func read(
        _ file: OpenFile,
        at offset: Int64,
        into memory: UnsafeMutableRawBufferPointer
    ) throws(SystemCallError) -> Int {
        var done = 0
        while done < memory.count {
            let rest = UnsafeMutableRawBufferPointer(rebasing: memory[done...])
            let count = try self.calls.read(into: rest, from: file, at: offset + Int64(done))
            if count == 0 { break }
            done += count
        }
        return done
    }

    /// Whether a gateway holds the directory. Where none does, nothing is left locked behind.
    func isHeld() throws(InspectError) -> Bool { try self.lock() == nil }

    /// Holds the directory as a gateway does, as long as what is returned lives; `nil` where a gateway holds it.
    ///
    /// Nothing is made for it: a directory that no gateway has ever opened has no lock file, and can't be held.
    func lock() throws(InspectError) -> DirectoryLock? {
        do throws(SystemCallError) {
            let file = try self.open(CacheDirectory.lockName)
            return try self.calls.lock(file) ? DirectoryLock(file: file) : nil
        } catch {
            if error.isNotFound { return DirectoryLock(file: nil) }
            throw InspectError(.io, "\(error).")
        }
    }

    /// The lock of a directory.
    struct DirectoryLock: Sendable {
        let file: OpenFile?
    }

    /// How many bytes the file system has left.
    func freeBytes() -> Int64? { try? self.calls.freeBytes(of: self.directory) }
}
