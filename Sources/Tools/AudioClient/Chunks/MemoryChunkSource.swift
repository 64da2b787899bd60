public import NIOCore

/// Bytes in memory to upload, once or over and over.
public struct MemoryChunkSource: ChunkSource {
    private let bytes: ByteBuffer
    private let length: Int64
    private var offset: Int64 = 0

    /// Takes bytes.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - length: How many to send in all, beginning again at the front where there are fewer; `nil` for just these.
    ///     Where there are none, none are sent.
    public init(_ bytes: ByteBuffer, repeatedTo length: Int64? = nil) {
        self.bytes = bytes
        self.length = bytes.readableBytes == 0 ? 0 : length ?? Int64(bytes.readableBytes)
    }

    /// How many bytes are sent in all.
    public var size: Int64? { self.length }

    /// Reads the next bytes; see ``ChunkSource/read(into:)``.
    public mutating func read(into target: UnsafeMutableRawBufferPointer) throws(ClientError) -> Int {
        let wanted = Int(min(Int64(target.count), self.length - self.offset))
        self.bytes.withUnsafeReadableBytes { source in
            var done = 0
            while done < wanted {
                let start = Int((self.offset + Int64(done)) % Int64(source.count))
                let count = min(wanted - done, source.count - start)
                UnsafeMutableRawBufferPointer(rebasing: target[done...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: source[start..<(start + count)]))
                done += count
            }
        }
        self.offset += Int64(wanted)
        return wanted
    }

    /// Goes to another place; see ``ChunkSource/seek(to:)``.
    public mutating func seek(to offset: Int64) throws(ClientError) { self.offset = min(offset, self.length) }
}
