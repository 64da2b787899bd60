import NIOCore
import Wire

/// Frames that were made and masked once, to be sent over and over: so the load generator does next to nothing for a byte.
struct BenchFrames: Sendable {
    private let block: ByteBuffer
    private let frameLength: Int
    /// How many frames the block has.
    let frames: Int
    /// How many bytes of audio a frame has.
    let chunkSize: Int

    /// Makes frames.
    ///
    /// - Parameters:
    ///   - chunkSize: How many bytes of audio a frame has.
    ///   - blockLength: How many bytes of audio to write at once, as near as whole frames come.
    init(chunkSize: Int, blockLength: Int = 1 << 20) {
        self.chunkSize = chunkSize
        self.frames = max(1, blockLength / chunkSize)
        var generator = SystemRandomNumberGenerator()
        var payload = ByteBufferAllocator().buffer(capacity: chunkSize)
        while payload.readableBytes + 8 <= chunkSize { payload.writeInteger(generator.next()) }
        payload.writeRepeatingByte(0x5A, count: chunkSize - payload.readableBytes)
        var block = ByteBuffer()
        for _ in 0..<self.frames {
            block.writeFrame(.binary, payload: payload, maskingKey: MaskingKey(littleEndian: generator.next()))
        }
        self.frameLength = block.readableBytes / self.frames
        self.block = block
    }

    /// The next bytes to write.
    ///
    /// - Parameter frames: How many frames are left.
    /// - Returns: At most so many, and how many they are.
    func next(of frames: Int64) -> (bytes: ByteBuffer, frames: Int) {
        guard frames < Int64(self.frames) else { return (self.block, self.frames) }
        let count = Int(max(0, frames))
        let bytes = self.block.getSlice(at: self.block.readerIndex, length: count * self.frameLength)
        return (bytes ?? ByteBuffer(), count)
    }
}
