import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where log lines go. Never makes anybody wait, and never fails: what a full disk, a closed pipe or a reader that does
/// not read would hold up is dropped, and the next line that gets through says how many were.
final class LogOutput: Sendable {
    /// So many bytes a pipe that has room takes as a whole (pipe(7)); longer lines are dropped.
    static let longestLine = 4_096

    private let descriptor: Int32
    private let dropped = Mutex(0)

    init(descriptor: Int32) { self.descriptor = descriptor }

    /// Adds a line.
    ///
    /// - Parameters:
    ///   - line: The line, without its end.
    ///   - note: Makes the line that says how many were dropped before it.
    func add(_ line: String, noting note: (_ dropped: Int) -> String) {
        self.dropped.withLock { dropped in
            if dropped > 0, self.put(note(dropped)) { dropped = 0 }
            if dropped > 0 || !self.put(line) { dropped += 1 }
        }
    }

    private func put(_ line: String) -> Bool {
        let bytes = Array(line.utf8) + [UInt8(ascii: "\n")]
        guard bytes.count <= Self.longestLine else { return false }
        var interest = pollfd(fd: self.descriptor, events: Int16(POLLOUT), revents: 0)
        // Asks without waiting. Files always have room, as far as this can tell.
        guard poll(&interest, 1, 0) == 1, interest.revents & Int16(POLLOUT) != 0 else { return false }
        return write(self.descriptor, bytes, bytes.count) == bytes.count
    }
}
