/// Finds out what a file's header says, from no more of the file than that takes: a pure value that is told bytes and
/// says which ones it needs next.
///
/// Whatever the bytes are, it ends with an answer after at most ``maximumReads`` reads.
public struct AudioProbe: Sendable {
    /// What to do next.
    public enum Step: Hashable, Sendable {
        /// Read this many bytes from this offset, all inside the file, and give them to ``add(_:at:)``.
        case read(offset: Int64, count: Int)
        /// This is what the header says.
        case found(AudioHeader)
        /// The bytes are of no kind that is understood, or are damaged.
        case unknown
    }

    /// How often bytes are asked for at most.
    public static let maximumReads = 32
    /// How many bytes are asked for at least, where the file has so many.
    static let window = 64 * 1_024

    private var bytes: AudioBytes
    private var reads = 0

    /// Begins with a file of which nothing is known but its length.
    ///
    /// - Parameter size: The file's length in bytes.
    public init(size: Int64) { self.bytes = AudioBytes(size: size) }

    /// Takes bytes that were asked for.
    ///
    /// - Parameters:
    ///   - bytes: The bytes; fewer than were asked for where the file is shorter than was said.
    ///   - offset: Where they stand in the file.
    public mutating func add(_ bytes: [UInt8], at offset: Int64) {
        self.reads += 1
        self.bytes.add(bytes, at: offset)
    }

    /// What to do next.
    ///
    /// - Returns: The answer, or what to read for it.
    public func step() -> Step {
        do throws(AudioBytes.Missing) {
            return try self.header().map { .found($0) } ?? .unknown
        } catch {
            guard self.reads < Self.maximumReads else { return .unknown }
            let rest = self.bytes.size - error.offset
            return .read(offset: error.offset, count: Int(min(rest, Int64(max(error.count, Self.window)))))
        }
    }

    private func header() throws(AudioBytes.Missing) -> AudioHeader? {
        let bytes = self.bytes
        if let header = try WAVHeader.read(bytes) { return header }
        if let header = try OggHeader.read(bytes) { return header }
        // An ID3v2 tag may stand before either of these.
        let start = try ID3Tag.end(in: bytes)
        if let header = try FLACHeader.read(bytes, at: start) { return header }
        return try MPEGHeader.read(bytes, at: start)
    }
}

extension AudioProbe {
    /// What the header of a whole file in memory says.
    ///
    /// - Parameter file: The file's bytes.
    /// - Returns: The header, or `nil` where it is of no kind that is understood.
    public static func header(of file: [UInt8]) -> AudioHeader? {
        var probe = Self(size: Int64(file.count))
        while true {
            switch probe.step() {
            case .found(let header): return header
            case .unknown: return nil
            case .read(let offset, let count):
                // Steps only ask for what is inside the file.
                probe.add(Array(file.dropFirst(Int(offset)).prefix(count)), at: offset)
            }
        }
    }
}
