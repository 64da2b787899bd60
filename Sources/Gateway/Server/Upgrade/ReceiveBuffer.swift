import NIOCore

/// How much one read of a connection's socket may bring.
///
/// Large reads make a fast upload cheap, and the channel keeps the memory of its largest one for as long as it lives. So
/// the first connections may read much at once, and where there are many each makes do with a frame of usual size: a
/// thousand uploads then take 77 MiB and not 250.
enum ReceiveBuffer {
    /// How many connections may read much at once.
    static let generousUpTo = 64
    /// The most that one of these reads at once, in bytes.
    static let generous = 256 << 10
    /// The most that any other one does.
    static let usual = 64 << 10

    /// The least that one reads at once, and the first time.
    private static let least = 512

    /// What a connection reads with before it is known what it is.
    static var first: AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(minimum: self.least, initial: self.least, maximum: self.usual)
    }

    /// What a connection reads with that has become a WebSocket.
    ///
    /// - Parameter connections: How many there are already.
    static func allocator(besides connections: Int) -> AdaptiveRecvByteBufferAllocator {
        AdaptiveRecvByteBufferAllocator(
            minimum: self.least,
            initial: self.least,
            maximum: connections < self.generousUpTo ? self.generous : self.usual
        )
    }
}
