import CacheProtocol
import Crypto
import FileStorage
import SQLiteBackend

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Compares one stream's file with what is remembered about it.
struct StreamCheck: Sendable {
    /// How much is read at a time: what a check takes of memory.
    static let blockLength = 1 << 20

    let inventory: any StreamInventory
    let files: CacheFiles
    /// Whether the bytes are read, or only looked for.
    var readsBytes = true
    /// Told how many bytes were read, as they are.
    let progress: @Sendable (Int64) -> Void

    /// Checks a stream. Where the gateway changed it meanwhile, what it has become is checked.
    ///
    /// - Returns: The finding, and the row that it is about.
    func check(
        _ stream: IndexedStream,
        _ cancellation: BlockingWork.Cancellation
    ) throws(InspectError) -> (finding: Finding, row: IndexedStream) {
        var row = stream
        var (changes, pauses) = (0, 0)
        while true {
            let finding = self.compare(row, cancellation)
            guard finding.verdict.isWrong, changes < 4 else { return (finding, row) }
            guard let now = try self.inventory.stream(row.id) else {
                return (Finding(row.id, file: finding.file, .removedMeanwhile), row)
            }
            if !now.isSameVersion(as: row) {
                row = now
                changes += 1
                continue
            }
            // A gateway removes or renames the file first, and commits the row a moment later.
            let isPassing = [.missingFile, .orphanRow, .stateDiffers].contains(finding.verdict)
            guard isPassing, pauses < 5, !cancellation.isCancelled, try self.files.isHeld() else {
                return (finding, row)
            }
            pauses += 1
            usleep(20_000)
        }
    }

    private func compare(_ row: IndexedStream, _ cancellation: BlockingWork.Cancellation) -> Finding {
        // The name is made from the id, and not taken from the row, which anybody could have written.
        let name = CacheFiles.name(of: row.id, row.fileState)
        do throws(SystemCallError) {
            let file = try self.files.open(name)
            let size = try self.files.calls.status(of: file).size
            guard row.state != .missing else {
                return Finding(row.id, file: name, .stateDiffers, expected: "no file", found: "\(name), \(size) bytes")
            }
            // An unfinished stream's file may be ahead of what is remembered, never behind.
            guard row.state == .sealed ? size == row.size : size >= row.size else {
                return Finding(row.id, file: name, .sizeDiffers, expected: "\(row.size) bytes", found: "\(size) bytes")
            }
            guard self.readsBytes else { return Finding(row.id, file: name, .ok) }
            return try self.compareBytes(row, file, size: size, name: name, cancellation)
        } catch {
            guard error.isNotFound else {
                return Finding(row.id, file: name, .unreadable).with(detail: "\(error)")
            }
            return self.absent(row, name: name)
        }
    }

    /// There is no file of the name that the stream's state asks for.
    private func absent(_ row: IndexedStream, name: String) -> Finding {
        let other = CacheFiles.name(of: row.id, row.fileState == .sealed ? .suspended : .sealed)
        if (try? self.files.calls.exists(other, in: self.files.directory)) == true {
            return Finding(row.id, file: name, .stateDiffers, expected: name, found: other)
        }
        return Finding(
            row.id,
            file: name,
            row.fileState == .sealed ? .missingFile : .orphanRow,
            expected: "\(name), \(row.size) bytes",
            found: "no such file"
        )
    }

    private func compareBytes(
        _ row: IndexedStream,
        _ file: OpenFile,
        size: Int64,
        name: String,
        _ cancellation: BlockingWork.Cancellation
    ) throws(SystemCallError) -> Finding {
        let expected = row.state == .sealed ? row.sha256 : nil
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.blockLength, alignment: 4_096)
        defer { memory.deallocate() }
        var hasher = expected.map { _ in SHA256() }
        var offset: Int64 = 0
        while offset < size, !cancellation.isCancelled {
            let wanted = Int(min(Int64(memory.count), size - offset))
            let piece = UnsafeMutableRawBufferPointer(rebasing: memory[..<wanted])
            let count = try self.files.read(file, at: offset, into: piece)
            hasher?.update(bufferPointer: UnsafeRawBufferPointer(rebasing: piece[..<count]))
            offset += Int64(count)
            self.progress(Int64(count))
            if count < wanted { break }
        }
        var finding = Finding(row.id, file: name, .ok)
        if offset < size, !cancellation.isCancelled {
            finding = Finding(row.id, file: name, .sizeDiffers, expected: "\(size) bytes", found: "\(offset) bytes")
        } else if let expected, let hasher, let found = SHA256Value(bytes: hasher.finalize()) {
            finding.isDigestCompared = true
            if found != expected {
                finding.verdict = .digestDiffers
                finding.expected = expected.description
                finding.found = found.description
            }
        }
        finding.bytesRead = offset
        return finding
    }
}

extension IndexedStream {
    /// Under which name the file is to be looked for. A row whose file was found missing remembers whether it was sealed.
    var fileState: StreamState {
        self.state == .sealed || self.state == .missing && self.sealedAt != nil ? .sealed : .suspended
    }

    /// Whether two looks saw the same stream in the same state, whoever has read or verified it in between.
    fileprivate func isSameVersion(as other: IndexedStream) -> Bool {
        self.state == other.state && self.size == other.size && self.createdAt == other.createdAt
            && self.changedAt == other.changedAt && self.sha256 == other.sha256
    }
}
