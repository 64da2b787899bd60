import CacheProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension CacheDirectory {
    /// From how many bytes on a record takes room in advance for what comes to be known of its stream.
    private static let longRecord = 1_024
    /// How much that is: times, length, digest, durability, the time of the last reading, and why it is damaged.
    private static let reserve = 600
    /// With so many bytes free it is not for want of space that a record can't be written.
    private static let ampleSpace: Int64 = 1 << 20

    /// Writes the facts to the file.
    ///
    /// A file system takes only so much beside a file, ext4 a block for all attributes of one (xattr(7)). What does not
    /// fit is refused when a stream begins, and not at its end: long labels take the room for that in advance.
    ///
    /// - Parameters:
    ///   - info: The facts.
    ///   - isBeginning: Whether the stream begins, and more will come to be known of it.
    ///   - file: The stream's file.
    /// - Throws: ``CacheError`` with code `limit` where the labels are too long for the file system, `storage_full` or
    ///   `io`.
    func remember(_ info: StreamInfo, isBeginning: Bool = false, in file: OpenFile) throws(CacheError) {
        var bytes = StreamRecord(info).bytes
        let count = bytes.count
        // White space behind a JSON text means nothing (RFC 8259, 2).
        if isBeginning, count > Self.longRecord { bytes += [UInt8](repeating: 0x20, count: Self.reserve) }
        do throws(SystemCallError) {
            try self.setRecord(bytes, of: file)
        } catch {
            guard error.mayMeanTooLong, count > Self.longRecord,
                let free = try? self.calls.freeBytes(of: self.handle), free > Self.ampleSpace
            else { throw error.cacheError(for: info.id) }
            throw CacheError(
                .limit,
                "The labels and the type of the stream are too long for the file system of \(self.path), which keeps them "
                    + "beside the file: \(count) bytes as JSON. Send fewer, or keep streams on one that takes more, such "
                    + "as XFS.",
                streamID: info.id,
                cause: error
            )
        }
    }

    /// Writes to the file why its stream must not be sealed; where not everything fits, without its labels.
    func remember(damage: String, of info: StreamInfo, in file: OpenFile) throws(SystemCallError) {
        var record = StreamRecord(info)
        record.damage = damage
        do throws(SystemCallError) {
            try self.setRecord(record.bytes, of: file)
        } catch {
            guard error.mayMeanTooLong else { throw error }
            record.metadata = nil
            try self.setRecord(record.bytes, of: file)
        }
    }

    private func setRecord(_ bytes: [UInt8], of file: OpenFile) throws(SystemCallError) {
        do throws(SystemCallError) {
            try self.calls.setAttribute(StreamRecord.attribute, to: bytes, of: file)
        } catch {
            // Without extended attributes a stream is a file and nothing more, which is what it would have been
            // anyway; refusing it would be worse than forgetting its labels.
            guard error.isUnsupported else { throw error }
        }
    }

    /// Writes to the file when its stream was last read.
    func remember(read time: Timestamp, of id: StreamID) throws(SystemCallError) {
        let file = try self.calls.open(StreamFileName.sealed(id), in: self.handle, .read)
        let digits = Array(String(time.millisecondsSinceEpoch).utf8)
        try self.calls.setAttribute(StreamRecord.readAttribute, to: digits, of: file)
    }
}

extension SystemCallError {
    /// Whether an attribute may have been too long: file systems say so in several ways (setxattr(2)).
    fileprivate var mayMeanTooLong: Bool { [ENOSPC, E2BIG, ERANGE].contains(self.number) }
}
