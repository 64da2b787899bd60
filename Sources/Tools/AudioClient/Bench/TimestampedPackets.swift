import NIOCore

/// Finds in a stream of packets, however it is cut, how long each was on its way: a packet begins with the time, in
/// nanoseconds of the system's uptime, at which it was sent.
struct TimestampedPackets: Hashable, Sendable {
    /// How many bytes the time takes.
    static let headerLength = 8

    /// How long the packets were on their way, from the sending of the first byte to the coming of the last.
    private(set) var latencies = LatencyHistogram()
    private let length: Int
    /// How many bytes of the current packet have come.
    private var place: Int
    private var time: UInt64 = 0

    /// Begins.
    ///
    /// - Parameters:
    ///   - length: How many bytes a packet has; at least ``headerLength``.
    ///   - offset: Where in the stream the first byte is.
    init(length: Int, from offset: Int64 = 0) {
        self.length = length
        self.place = Int(offset % Int64(length))
    }

    /// A packet.
    ///
    /// - Parameters:
    ///   - time: When it is sent.
    ///   - length: How many bytes it has.
    /// - Returns: Its bytes.
    static func packet(at time: UInt64, length: Int) -> ByteBuffer {
        var packet = ByteBufferAllocator().buffer(capacity: length)
        packet.writeInteger(time)
        packet.writeRepeatingByte(0x5A, count: length - Self.headerLength)
        return packet
    }

    /// Some bytes came.
    ///
    /// - Parameters:
    ///   - bytes: The bytes.
    ///   - now: When.
    mutating func received(_ bytes: ByteBuffer, at now: UInt64) {
        var bytes = bytes
        while bytes.readableBytes > 0 {
            if self.place < Self.headerLength, let byte = bytes.readInteger(as: UInt8.self) {
                self.time = self.time << 8 | UInt64(byte)
                self.place += 1
            } else {
                let count = min(bytes.readableBytes, self.length - self.place)
                bytes.moveReaderIndex(forwardBy: count)
                self.place += count
            }
            guard self.place == self.length else { continue }
            self.latencies.record(Int64(clamping: now) - Int64(clamping: self.time))
            (self.place, self.time) = (0, 0)
        }
    }
}

/// Takes what a live reader gets, and looks at the times in it.
struct TimestampSink: ChunkSink {
    private(set) var packets: TimestampedPackets
    private(set) var count: Int64 = 0

    init(packetLength: Int) { self.packets = TimestampedPackets(length: packetLength) }

    mutating func write(_ bytes: ByteBuffer) throws(ClientError) {
        self.count += Int64(bytes.readableBytes)
        self.packets.received(bytes, at: NIODeadline.now().uptimeNanoseconds)
    }
}
