public import CacheProtocol
import Crypto
import FileStorage
import SQLiteBackend

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What was exported.
public struct ExportSummary: Hashable, Sendable, Encodable {
    /// The stream.
    public var id: String
    /// The file that was written.
    public var path: String
    /// Its bytes.
    public var size: Int64
    /// Their digest.
    public var sha256: String
    /// Whether that is the digest that the stream has; `nil` where the stream has none.
    public var isVerified: Bool?
}

extension CacheInspector {
    /// Copies a stream's bytes into a file, which has its name only once it is complete and its digest was compared.
    ///
    /// - Parameters:
    ///   - id: The stream.
    ///   - path: The file; one that is there is replaced.
    ///   - allowsDamage: Whether bytes are copied that are not those that were stored.
    /// - Returns: What was exported.
    /// - Throws: ``InspectError`` with code `wrong` where there is no such stream, its file is gone, or its bytes are
    ///   damaged; `cannotCreate` or `io`; `interrupted` where the task was cancelled, and then nothing is left behind.
    public func export(
        _ id: StreamID,
        to path: String,
        allowsDamage: Bool = false
    ) async throws(InspectError) -> ExportSummary {
        try await BlockingWork.attempt { cancellation throws(InspectError) in
            try self.copyOut(id, to: path, allowsDamage: allowsDamage, cancellation)
        }
    }

    private func copyOut(
        _ id: StreamID,
        to path: String,
        allowsDamage: Bool,
        _ cancellation: BlockingWork.Cancellation
    ) throws(InspectError) -> ExportSummary {
        let row = try self.row(id)
        let (directory, name) = try Self.target(path)
        let temporary = ".\(name.prefix(100)).\(String(UInt64.random(in: .min ... .max), radix: 36)).part"
        let source = try Self.calling(.wrong) { () throws(SystemCallError) in
            try self.files.open(CacheFiles.name(of: id, row.fileState))
        }
        let folder = try Self.calling(.cannotCreate) { () throws(SystemCallError) in
            try self.files.calls.openDirectory(directory)
        }
        let output = try Self.calling(.cannotCreate) { () throws(SystemCallError) in
            try self.files.calls.open(temporary, in: folder, .create)
        }
        do throws(InspectError) {
            let (size, digest) = try self.copy(source, to: output) { (offset) throws(InspectError) in
                guard cancellation.isCancelled else { return }
                throw InspectError(
                    .interrupted,
                    "Interrupted when \(offset) bytes of stream \(id) were copied: they are removed again, and \(path) "
                        + "is what it was before.",
                    remedy: "Export the stream again for the whole of it."
                )
            }
            try Self.compare(row, size: size, digest: digest, allowsDamage: allowsDamage)
            try Self.calling(.io) { () throws(SystemCallError) in
                try self.files.calls.flush(output)
                try self.files.calls.rename(temporary, to: name, in: folder)
            }
            return ExportSummary(
                id: id.rawValue,
                path: path,
                size: size,
                sha256: digest.description,
                isVerified: row.sha256.map { $0 == digest }
            )
        } catch {
            try? self.files.calls.unlink(temporary, in: folder)
            throw error
        }
    }

    /// The directory and the name of the file to be written.
    private static func target(_ path: String) throws(InspectError) -> (directory: String, name: String) {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
        let name = slash.map { String(path[path.index(after: $0)...]) } ?? path
        var isDirectory = false
        if name.isEmpty || name == "." || name == ".."
            || FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && isDirectory
        {
            throw InspectError(.usage, "\"\(path)\" is no name of a file.", remedy: "Name the file to be written.")
        }
        guard FileManager.default.fileExists(atPath: directory, isDirectory: &isDirectory), isDirectory else {
            throw InspectError(
                .cannotCreate,
                "There is no directory \(directory).",
                remedy: "Make it, or name another."
            )
        }
        return (directory, name)
    }

    /// Copies all bytes.
    ///
    /// - Parameter goesOn: Is told before each block how many were copied; what it throws ends the copying.
    private func copy(
        _ source: OpenFile,
        to output: OpenFile,
        _ goesOn: (Int64) throws(InspectError) -> Void
    ) throws(InspectError) -> (Int64, SHA256Value) {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: StreamCheck.blockLength, alignment: 4_096)
        defer { memory.deallocate() }
        var hasher = SHA256()
        var offset: Int64 = 0
        while true {
            try goesOn(offset)
            let count = try Self.calling(.io) { () throws(SystemCallError) in
                try self.files.read(source, at: offset, into: memory)
            }
            guard count > 0 else { break }
            let piece = UnsafeRawBufferPointer(rebasing: memory[..<count])
            hasher.update(bufferPointer: piece)
            try Self.calling(.io) { () throws(SystemCallError) in try self.write(piece, to: output, at: offset) }
            offset += Int64(count)
        }
        guard let digest = SHA256Value(bytes: hasher.finalize()) else {
            throw InspectError(.io, "The digest has an unexpected length.")
        }
        return (offset, digest)
    }

    private func write(
        _ bytes: UnsafeRawBufferPointer,
        to file: OpenFile,
        at offset: Int64
    ) throws(SystemCallError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            done += try self.files.calls.write(rest, to: file, at: offset + Int64(done))
        }
    }

    private static func compare(
        _ row: IndexedStream,
        size: Int64,
        digest: SHA256Value,
        allowsDamage: Bool
    ) throws(InspectError) {
        guard row.fileState == .sealed, !allowsDamage else { return }
        let remedy = "--allow-damage writes the bytes all the same."
        if size != row.size {
            throw InspectError(.wrong, "Stream \(row.id) has \(row.size) bytes, its file \(size).", remedy: remedy)
        }
        if let expected = row.sha256, expected != digest {
            throw InspectError(
                .wrong,
                "The bytes of stream \(row.id) are not those that were stored: SHA-256 \(expected) is expected, "
                    + "\(digest) was found.",
                remedy: remedy
            )
        }
    }

    private static func calling<Value>(
        _ code: InspectError.Code,
        _ body: () throws(SystemCallError) -> Value
    ) throws(InspectError) -> Value {
        do throws(SystemCallError) {
            return try body()
        } catch {
            throw InspectError(code, "\(error).")
        }
    }
}

extension ExportSummary {
    /// One JSON document with a final newline.
    ///
    /// - Throws: What the encoder throws.
    public func json() throws -> String { try JSONText.document(self) + "\n" }

    /// The export in one line.
    public var line: String {
        let proof =
            switch self.isVerified {
            case true?: "SHA-256 as stored"
            case false?: "SHA-256 DIFFERS from what was stored"
            case nil: "the stream has no digest to compare with"
            }
        return "\(TerminalText.safe(self.path)): \(self.size) bytes, \(proof)"
    }
}
