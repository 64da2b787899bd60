/// A body of several parts (RFC 9110, 14.6), all of whose lengths are known before the first byte is read.
struct MultipartByteRanges: Hashable {
    /// A part: what goes before its bytes, and where they are.
    struct Part: Hashable {
        var header: String
        var range: ClosedRange<Int64>
    }

    let boundary: String
    let parts: [Part]
    /// What comes after the last part's bytes.
    let end: String

    /// Makes a body.
    ///
    /// - Parameters:
    ///   - ranges: The parts' places in the stream.
    ///   - contentType: The stream's own type.
    ///   - completeLength: The stream's length as `Content-Range` tells it: digits, or `*`.
    ///   - boundary: What separates the parts. It must not occur in them, which chance sees to.
    init(_ ranges: [ClosedRange<Int64>], contentType: String, completeLength: String, boundary: String) {
        self.boundary = boundary
        self.parts = ranges.enumerated().map { index, range in
            let head = "\(index == 0 ? "" : "\r\n")--\(boundary)\r\nContent-Type: \(contentType)\r\n"
            let place = "bytes \(range.lowerBound)-\(range.upperBound)/\(completeLength)"
            return Part(header: head + "Content-Range: \(place)\r\n\r\n", range: range)
        }
        self.end = "\r\n--\(boundary)--\r\n"
    }

    /// The whole body's length in bytes.
    var length: Int64 {
        self.parts.reduce(Int64(self.end.utf8.count)) { length, part in
            length + Int64(part.header.utf8.count) + part.range.upperBound - part.range.lowerBound + 1
        }
    }

    /// A boundary that nobody can foresee.
    static func randomBoundary() -> String {
        (0..<2).map { _ in String(UInt64.random(in: .min ... .max), radix: 36) }.joined(separator: "-")
    }
}
