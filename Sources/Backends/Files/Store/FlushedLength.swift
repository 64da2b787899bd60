/// How far an unfinished file had got to its device when that was last made sure of, in the extended attribute
/// `user.audiocache.flushed` (xattr(7)): the boot of the machine, a space, and the length in bytes.
///
/// While that boot lasts, every byte of the file counts, flushed or not: they are in the page cache. After it only those
/// that were flushed do. A file system may have given the file its new length before the bytes, so that zeros stand for
/// them, in blocks that it wrote before and so calls written.
struct FlushedLength: Hashable {
    static let attribute = "user.audiocache.flushed"

    var bootID: String
    var length: Int64

    init(bootID: String, length: Int64) {
        self.bootID = bootID
        self.length = length
    }

    init?(bytes: [UInt8]) {
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        guard parts.count == 2, let length = Int64(parts[1]), length >= 0 else { return nil }
        self.init(bootID: String(parts[0]), length: length)
    }

    var bytes: [UInt8] { Array("\(self.bootID) \(self.length)".utf8) }
}

extension CacheDirectory {
    /// Where the bytes of an unfinished file end, which may be before the file does after a power cut.
    ///
    /// - Parameters:
    ///   - file: The file.
    ///   - size: Its length in bytes.
    ///   - asFarAsWritten: See ``stored(_:asFarAsWritten:)``.
    func endOfBytes(
        in file: OpenFile,
        size: Int64,
        asFarAsWritten: Bool
    ) throws(SystemCallError) -> Int64 {
        if let bootID = self.calls.bootID, let flushed = try self.flushedLength(of: file), flushed.bootID != bootID {
            return min(size, flushed.length)
        }
        guard asFarAsWritten else { return size }
        return try self.calls.firstUnwritten(in: file, below: size) ?? size
    }

    private func flushedLength(of file: OpenFile) throws(SystemCallError) -> FlushedLength? {
        try self.calls.attribute(FlushedLength.attribute, of: file).flatMap(FlushedLength.init(bytes:))
    }

    /// Remembers how far an unfinished file has got to its device.
    ///
    /// - Parameters:
    ///   - length: How far; `nil` where nobody makes sure of that any more.
    ///   - file: The file.
    /// - Returns: Whether that can be remembered on this machine.
    func remember(flushed length: Int64?, in file: OpenFile) throws(SystemCallError) -> Bool {
        guard let bootID = self.calls.bootID else { return false }
        do throws(SystemCallError) {
            if length == nil, try self.flushedLength(of: file) == nil { return true }
            let bytes = length.map { FlushedLength(bootID: bootID, length: $0).bytes } ?? []
            try self.calls.setAttribute(FlushedLength.attribute, to: bytes, of: file)
            return true
        } catch {
            guard error.isUnsupported else { throw error }
            return false
        }
    }
}
