import Crypto
public import NIOCore

/// Takes the SHA-256 of what goes into another sink.
public struct DigestedSink<Base: ChunkSink>: ChunkSink {
    /// Digests are not for event loops.
    public static var mayBlock: Bool { true }

    /// Where the bytes go.
    public private(set) var base: Base
    private var hash = SHA256()

    /// Makes a sink.
    ///
    /// - Parameter base: Where the bytes go.
    public init(_ base: Base) { self.base = base }

    /// The SHA-256 of the bytes so far: 64 lower-case hexadecimal digits.
    public var sha256: String { StreamHasher.hexadecimal(self.hash.finalize()) }

    /// Takes the next bytes; see ``ChunkSink/write(_:)``.
    public mutating func write(_ bytes: ByteBuffer) throws(ClientError) {
        try self.base.write(bytes)
        self.skip(bytes)
    }

    /// Passes on; see ``ChunkSink/giveUp()``.
    public func giveUp() { self.base.giveUp() }

    /// Digests bytes that the other sink has already.
    mutating func skip(_ bytes: ByteBuffer) {
        bytes.withUnsafeReadableBytes { self.hash.update(bufferPointer: $0) }
    }
}

extension DigestedSink<FileChunkSink> {
    /// Makes a sink that goes on with a file; what the file already has is read, off the event loops, and digested.
    ///
    /// - Parameter file: The file.
    /// - Returns: The sink.
    /// - Throws: ``ClientError`` with code `io`, or with cause `cancelled`.
    public static func goingOn(with file: GrowingFile) async throws(ClientError) -> Self {
        try await Verification.offLoop("reading \(file.path)") { cancellation throws(ClientError) in
            var sink = Self(FileChunkSink(file))
            var block = ByteBufferAllocator().buffer(capacity: 256 << 10)
            var offset: Int64 = 0
            while offset < file.size {
                try cancellation.check()
                block.clear()
                let wanted = Int(min(file.size - offset, 256 << 10))
                let result = block.withUnsafeMutableWritableBytes { target in
                    Result { () throws(ClientError) in
                        try file.file.read(into: UnsafeMutableRawBufferPointer(rebasing: target[..<wanted]), at: offset)
                    }
                }
                let count = try result.get()
                guard count > 0 else {
                    throw ClientError(.io, "\(file.path) got shorter while it was read.", remedy: "Leave it alone.")
                }
                block.moveWriterIndex(forwardBy: count)
                sink.skip(block)
                offset += Int64(count)
            }
            return sink
        }
    }
}
