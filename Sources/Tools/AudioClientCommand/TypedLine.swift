import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A line that a person types, waited for in steps so short that a Ctrl-C is felt at once: readline(3) and its like hold
/// a thread until the line is there.
enum TypedLine {
    private enum Step: Sendable {
        case byte(UInt8)
        case nothingYet
        case end
    }

    /// Waits for a line of standard input.
    ///
    /// - Returns: The line without its end; what there was of it where the input ended.
    /// - Throws: `CancellationError` where the task was cancelled.
    static func read() async throws -> String {
        var line: [UInt8] = []
        while true {
            try Task.checkCancellation()
            switch try await NIOThreadPool.singleton.runIfActive({ Self.step() }) {
            case .nothingYet: continue
            case .byte(let byte) where byte != UInt8(ascii: "\n"): line.append(byte)
            case .byte, .end: return String(decoding: line, as: UTF8.self)
            }
        }
    }

    /// A byte alone, so that what was typed ahead is left for the next question.
    private static func step() -> Step {
        var entry = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 100) > 0 else { return .nothingYet }
        var byte: UInt8 = 0
        #if canImport(Glibc)
        let count = Glibc.read(STDIN_FILENO, &byte, 1)
        #elseif canImport(Musl)
        let count = Musl.read(STDIN_FILENO, &byte, 1)
        #else
        let count = Darwin.read(STDIN_FILENO, &byte, 1)
        #endif
        if count < 0, errno == EINTR || errno == EAGAIN { return .nothingYet }
        return count > 0 ? .byte(byte) : .end
    }
}
