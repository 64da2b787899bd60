/// A file to upload.
public struct FileChunkSource: ChunkSource {
    /// How long the file was when it was opened.
    public let size: Int64?
    private let file: LocalFile
    private var offset: Int64 = 0

    /// Opens a file.
    ///
    /// - Parameter path: The file.
    /// - Throws: ``ClientError`` with code `noInput` where it can't be opened or is not a regular file.
    public init(path: String) throws(ClientError) {
        self.file = try LocalFile.reading(path)
        self.size = try self.file.size()
    }

    /// Reads the next bytes; see ``ChunkSource/read(into:)``.
    public mutating func read(into target: UnsafeMutableRawBufferPointer) throws(ClientError) -> Int {
        let count = try self.file.read(into: target, at: self.offset)
        self.offset += Int64(count)
        return count
    }

    /// Goes to another place; see ``ChunkSource/seek(to:)``.
    public mutating func seek(to offset: Int64) throws(ClientError) { self.offset = offset }
}
