/// Where to begin to follow a stream.
public enum TailStart: Hashable, Sendable {
    /// At this byte, 0 or more; at the end where the stream is not so long yet.
    case offset(Int64)
    /// With the last so many bytes, more than 0; with all where there are fewer.
    case last(Int64)
    /// With what comes from now on.
    case live

    /// Reads what a person wrote: a number, a negative number for so many last bytes, or `live`.
    ///
    /// - Parameter text: The text.
    public init?(_ text: String) {
        if text.lowercased() == "live" {
            self = .live
        } else if let number = Int64(text), number != .min {
            self = number < 0 ? .last(-number) : .offset(number)
        } else {
            return nil
        }
    }

    /// What SUBSCRIBE carries for it. An offset past the end means the end.
    var subscribeOffset: Int64 {
        switch self {
        case .offset(let offset): max(0, offset)
        case .last(let count): -max(1, count)
        // The largest number that every JSON reader takes (RFC 8259, 6).
        case .live: (1 << 53) - 1
        }
    }
}
