public import NIOCore

/// Where a download's bytes go.
///
/// Written slice by slice as they arrive: on the connection's event loop, or, where that could take long, on another
/// thread, one slice after the other.
public protocol ChunkSink: Sendable {
    /// Whether writing can take long, so that it has no place on an event loop.
    static var mayBlock: Bool { get }
    /// Takes the next bytes.
    ///
    /// - Parameter bytes: The bytes; to be let go of soon, because their memory is the socket's.
    /// - Throws: ``ClientError`` where they can't be taken; the download ends with it.
    mutating func write(_ bytes: ByteBuffer) throws(ClientError)

    /// Makes a write that is under way on another thread end soon, with an error: nobody wants its result any more.
    func giveUp()
}

extension ChunkSink {
    /// Most sinks are quick.
    public static var mayBlock: Bool { false }

    /// Most writes end by themselves.
    public func giveUp() {}
}

/// Lets everything go by.
public struct DiscardingSink: ChunkSink {
    /// A sink that keeps nothing.
    public init() {}

    /// Takes the next bytes; see ``ChunkSink/write(_:)``.
    public mutating func write(_ bytes: ByteBuffer) throws(ClientError) {}
}

/// Takes the digests of what goes by.
public struct DigestingSink: ChunkSink {
    /// The digests so far.
    public private(set) var hasher = StreamHasher()

    /// A sink that has seen nothing.
    public init() {}

    /// Takes the next bytes; see ``ChunkSink/write(_:)``.
    public mutating func write(_ bytes: ByteBuffer) throws(ClientError) { self.hasher.update(bytes) }
}

/// Gathers everything in memory.
public struct MemorySink: ChunkSink {
    /// The bytes so far.
    public private(set) var bytes = ByteBuffer()

    /// A sink that has seen nothing.
    public init() {}

    /// Takes the next bytes; see ``ChunkSink/write(_:)``.
    public mutating func write(_ bytes: ByteBuffer) throws(ClientError) { self.bytes.writeImmutableBuffer(bytes) }
}

/// Writes into a file, from its beginning on, or from the end of what it already has.
public struct FileChunkSink: ChunkSink {
    private let file: LocalFile
    private var offset: Int64 = 0

    /// Writes behind what a file already has.
    ///
    /// - Parameter file: The file.
    public init(_ file: GrowingFile) {
        self.file = file.file
        self.offset = file.size
    }

    /// Writes into an output file.
    ///
    /// - Parameter output: The file.
    public init(_ output: OutputFile) { self.file = output.file }

    /// Takes the next bytes; see ``ChunkSink/write(_:)``.
    public mutating func write(_ bytes: ByteBuffer) throws(ClientError) {
        let file = self.file
        let offset = self.offset
        let result = bytes.withUnsafeReadableBytes { bytes in
            Result { () throws(ClientError) in try file.write(bytes, at: offset) }
        }
        try result.get()
        self.offset += Int64(bytes.readableBytes)
    }
}
