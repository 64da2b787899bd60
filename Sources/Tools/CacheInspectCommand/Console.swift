import ArgumentParser
import CacheInspect
import Interruption
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a person or a program sees: results on standard output, all else on standard error.
///
/// On a terminal progress is a line that is drawn over; elsewhere it is a new line now and then.
final class Console: Sendable {
    /// Between two lines of progress where there is no terminal.
    private static let linePeriod = Duration.seconds(10)
    private static let drawPeriod = Duration.milliseconds(100)

    private struct Drawing {
        var isDrawn = false
        var last = ContinuousClock.now
    }

    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let drawing = Mutex(Drawing())

    /// Writes a result to standard output. Where nobody reads it any more, as behind `head`, the process ends quietly.
    func result(_ text: String) throws {
        guard !text.isEmpty else { return }
        self.wipe()
        guard Self.write(text, to: STDOUT_FILENO) else { throw ExitCode(InspectError.Code.io.rawValue) }
    }

    /// Tells something on the way.
    func notice(_ text: String) {
        self.wipe()
        Self.write("cache-inspect: \(text)\n", to: STDERR_FILENO)
    }

    /// Shows how far something has got, if it is time for that: draws over the line before on a terminal, and calls
    /// `write` elsewhere.
    func progress(_ line: String, orElse write: (Console) -> Void) {
        let isDue = self.drawing.withLock { drawing in
            let now = ContinuousClock.now
            guard now - drawing.last >= (self.isTerminal ? Self.drawPeriod : Self.linePeriod) else { return false }
            drawing.last = now
            drawing.isDrawn = self.isTerminal
            return true
        }
        guard isDue else { return }
        if self.isTerminal {
            Self.write("\r\u{1B}[K\(line)", to: STDERR_FILENO)
        } else {
            write(self)
        }
    }

    /// Does a command's work. A failure is told, and becomes the process's exit code; an interrupt cancels the work, and
    /// what that says of where it stands is told.
    func run(_ work: @escaping @Sendable (Console) async throws -> Void) async throws {
        // A pipe that nobody reads any more is an error of write(2), and not the end of the process.
        signal(SIGPIPE, SIG_IGN)
        do {
            try await Interruption.cancelling { try await work(self) }
        } catch let code as ExitCode {
            throw code
        } catch let interruption as Interruption {
            let failure = interruption.failure.map { InspectError.from($0) }
            if let failure, failure.code == .interrupted {
                self.notice("\(failure)")
            } else {
                self.notice("Interrupted.")
            }
            throw ExitCode(Interruption.exitStatus)
        } catch {
            let error = InspectError.from(error)
            self.notice("\(error)")
            throw ExitCode(error.code.rawValue)
        }
    }

    private func wipe() {
        let wasDrawn = self.drawing.withLock { drawing in
            defer { drawing.isDrawn = false }
            return drawing.isDrawn
        }
        if wasDrawn { Self.write("\r\u{1B}[K", to: STDERR_FILENO) }
    }

    @discardableResult
    private static func write(_ text: String, to descriptor: Int32) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count, let base = bytes.baseAddress {
                #if canImport(Glibc)
                let count = Glibc.write(descriptor, base + done, bytes.count - done)
                #elseif canImport(Musl)
                let count = Musl.write(descriptor, base + done, bytes.count - done)
                #else
                let count = Darwin.write(descriptor, base + done, bytes.count - done)
                #endif
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                done += count
            }
            return true
        }
    }
}
