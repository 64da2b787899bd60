/// The parts of a file that are at hand, looked at by offset.
///
/// Looking beyond them throws ``Missing``, which says what to read next; looking beyond the end of the file gives `nil`.
struct AudioBytes: Hashable, Sendable {
    /// A stretch of the file that is needed and not at hand.
    struct Missing: Error, Hashable {
        var offset: Int64
        var count: Int
    }

    private struct Window: Hashable {
        var offset: Int64
        var bytes: [UInt8]
    }

    /// The length of the file.
    let size: Int64
    private var windows: [Window] = []

    init(size: Int64) { self.size = max(size, 0) }

    /// Adds a part of the file.
    mutating func add(_ bytes: [UInt8], at offset: Int64) {
        guard offset >= 0, !bytes.isEmpty else { return }
        self.windows.append(Window(offset: offset, bytes: bytes))
    }

    /// Bytes of the file, or `nil` where they would go beyond its end.
    func bytes(at offset: Int64, count: Int) throws(Missing) -> ArraySlice<UInt8>? {
        guard offset >= 0, count >= 0, offset <= self.size, Int64(count) <= self.size - offset else { return nil }
        for window in self.windows where offset >= window.offset {
            let start = offset - window.offset
            guard start <= Int64(window.bytes.count) else { continue }
            guard count <= window.bytes.count - Int(start) else { continue }
            return window.bytes[Int(start)..<Int(start) + count]
        }
        throw Missing(offset: offset, count: count)
    }

    /// A number of up to eight bytes, the least significant first.
    func little(at offset: Int64, count: Int) throws(Missing) -> UInt64? {
        try self.bytes(at: offset, count: count)?.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A number of up to eight bytes, the most significant first.
    func big(at offset: Int64, count: Int) throws(Missing) -> UInt64? {
        try self.bytes(at: offset, count: count)?.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Whether any of these texts stands there.
    func has(oneOf texts: [StaticString], at offset: Int64) throws(Missing) -> Bool {
        for text in texts {
            if try self.has(text, at: offset) { return true }
        }
        return false
    }

    /// Whether these characters stand there.
    func has(_ text: StaticString, at offset: Int64) throws(Missing) -> Bool {
        let count = text.utf8CodeUnitCount
        guard let bytes = try self.bytes(at: offset, count: count) else { return false }
        return text.withUTF8Buffer { bytes.elementsEqual($0) }
    }
}
