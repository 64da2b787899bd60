import CacheProtocol
import GRDB

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that is no index, or a damaged one: it can be made again from the streams' files.
public struct StreamIndexDamage: Error, Hashable, Sendable, CustomStringConvertible {
    /// The index's path.
    public let path: String
    /// What is wrong with it.
    public let reason: String

    /// What is wrong with which file.
    public var description: String { "\(self.path) is damaged: \(self.reason)" }
}

/// There is no index.
struct StreamIndexAbsence: Error {
    let path: String
}

/// The index's schema is newer than this program.
struct StreamIndexSuperseded: Error {
    let path: String
}

extension StreamIndex {
    static func exists(_ path: String) -> Bool { accessPath(path, F_OK) == 0 }

    /// Does work on the database; its failures become the contract's.
    static func translating<Value>(_ path: String, _ body: () throws -> Value) throws(CacheError) -> Value {
        do {
            return try body()
        } catch let error as CacheError {
            throw error
        } catch let error as StreamIndexAbsence {
            throw CacheError(
                .streamNotFound,
                "There is no index at \(error.path). Start a gateway with the sqlite backend on that directory, or give "
                    + "the path of another index."
            )
        } catch let error as StreamIndexSuperseded {
            throw CacheError(
                .configuration,
                "The index \(error.path) was made by a newer version of this program. Use that version, or move the "
                    + "index aside: a new one is made from the streams' files."
            )
        } catch let damage as StreamIndexDamage {
            throw Self.damaged(damage)
        } catch let error as DatabaseError {
            throw Self.error(error, path)
        } catch {
            throw CacheError(.io, "The index \(path) can't be used: \(error).", cause: error)
        }
    }

    private static func damaged(_ damage: StreamIndexDamage) -> CacheError {
        CacheError(
            .io,
            "\(damage). Start the gateway again: it keeps the damaged file aside and makes a new index from the streams' "
                + "files.",
            cause: damage
        )
    }

    private static func error(_ error: DatabaseError, _ path: String) -> CacheError {
        let reason = error.message ?? "\(error.resultCode)"
        switch error.resultCode {
        case .SQLITE_CORRUPT, .SQLITE_NOTADB:
            return Self.damaged(StreamIndexDamage(path: path, reason: reason))
        case .SQLITE_FULL:
            return CacheError(
                .storageFull,
                "There is no room for the index \(path) to be written. Make room on the file system, or remove streams.",
                cause: error
            )
        case .SQLITE_BUSY, .SQLITE_LOCKED:
            return CacheError(
                .limit,
                "The index \(path) is held by another process for longer than 5 seconds (\(reason)). Find it with "
                    + "fuser(1), and end it.",
                cause: error
            )
        case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY, .SQLITE_AUTH:
            return CacheError(
                .io,
                "The index \(path) can't be opened (\(reason)). Look at the rights on the file and its directory.",
                cause: error
            )
        default:
            return CacheError(
                .io,
                "The index \(path) failed: \(reason) (\(error.extendedResultCode)). Look at the file system and the "
                    + "kernel's log.",
                cause: error
            )
        }
    }
}

// Inside the type the names of its members hide those of the C library.
private func accessPath(_ path: String, _ mode: CInt) -> CInt { access(path, mode) }
