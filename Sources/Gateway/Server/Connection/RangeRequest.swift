import CacheProtocol
import Wire

/// What a GET comes to, given how long its stream is.
enum RangeDecision: Hashable {
    /// Send this many bytes from this offset on, as one binary frame.
    case send(offset: Int64, count: Int64)
    /// Nothing there: the empty frame that every peer takes for the end.
    case empty
    /// Nothing there yet, and the peer would wait: at most so long, until the stream is longer than this.
    case wait(past: Int64, milliseconds: Int64)
    /// Nothing there, and the peer wants to know why.
    case tell(ErrorCode, String)

    /// Decides about a GET.
    ///
    /// - Parameters:
    ///   - get: The request; any numbers are fine.
    ///   - status: The stream.
    ///   - usesExtension: Whether the request had a field beyond the base protocol.
    ///   - mayWait: Whether the time that the peer would wait is not over yet.
    init(_ get: ClientMessage.Get, of status: StreamStatus, usesExtension: Bool, mayWait: Bool) {
        let offset = get.offset >= 0 ? get.offset : max(0, status.size + max(get.offset, -status.size))
        let count = min(get.length, status.size - min(offset, status.size))
        if count > 0 {
            self = .send(offset: offset, count: count)
        } else if mayWait, let milliseconds = get.waitMilliseconds, milliseconds > 0, status.state == .live {
            self = .wait(past: offset, milliseconds: milliseconds)
        } else if !usesExtension {
            self = .empty
        } else {
            switch status.state {
            case .sealed: self = .tell(.end, "The stream is sealed and has \(status.size) bytes.")
            case .removed: self = .tell(.aborted, "The stream was removed.")
            case .live, .suspended: self = .tell(.notYet, "The stream has \(status.size) bytes so far.")
            }
        }
    }
}
