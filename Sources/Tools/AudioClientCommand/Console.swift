import ArgumentParser
import AudioClient
import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a person or a program sees: results on standard output, all else on standard error.
///
/// On a terminal progress is a bar that is drawn over; elsewhere it is one line for each step.
final class Console: Sendable {
    /// A step whose progress is shown.
    private struct Step {
        var name = ""
        var done: Int64 = 0
        var total: Int64?
        var drawn: ContinuousClock.Instant?
    }

    private let options: OutputOptions
    private let isTerminal: Bool
    private let step = Mutex(Step())

    init(_ options: OutputOptions) {
        self.options = options
        self.isTerminal = isatty(STDERR_FILENO) == 1
    }

    /// Whether results are to be JSON.
    var isJSON: Bool { self.options.json }

    /// Tells a result: lines for people, or the one document.
    ///
    /// - Parameters:
    ///   - document: The document.
    ///   - lines: The lines.
    ///   - isBeside: Whether standard output has something else to carry, so that standard error takes it.
    func result(_ document: some Encodable, lines: [String], isBeside: Bool = false) throws {
        let text = self.options.json ? try Self.json(document) : lines.joined(separator: "\n")
        guard !text.isEmpty else { return }
        try Self.tell(text + "\n", to: isBeside ? STDERR_FILENO : STDOUT_FILENO)
    }

    /// Writes text to standard output as it is.
    func print(_ text: String) throws(ClientError) { try Self.tell(text, to: STDOUT_FILENO) }

    /// A document as text.
    static func json(_ document: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(document), as: UTF8.self)
    }

    /// How many characters a line of standard output has, where that is a terminal.
    static var width: Int? {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    /// Whether there is somebody to ask.
    static var canAsk: Bool { isatty(STDIN_FILENO) == 1 }

    /// Asks a person, where there is one; where standard input is no terminal nobody is asked, and the answer is yes.
    ///
    /// - Throws: `CancellationError` where the task was cancelled before there was an answer.
    static func confirms(_ question: String) async throws -> Bool {
        guard self.canAsk else { return true }
        self.write("\(question) [y/N] ", to: STDERR_FILENO)
        do {
            return ["y", "yes"].contains(try await TypedLine.read().lowercased())
        } catch {
            // What is said next has a line of its own.
            self.write("\n", to: STDERR_FILENO)
            throw error
        }
    }

    /// Tells something on the way.
    func notice(_ text: String) {
        guard !self.options.quiet else { return }
        self.step.withLock { step in
            self.wipe(&step)
            Self.write("audio-client: \(text)\n", to: STDERR_FILENO)
        }
    }

    /// Tells a failure.
    ///
    /// - Parameters:
    ///   - error: The failure.
    ///   - isLast: Whether nothing follows, so that it is the document too.
    func failure(_ error: ClientError, isLast: Bool = true) {
        self.step.withLock { self.wipe(&$0) }
        Self.write("audio-client: \(error)\n", to: STDERR_FILENO)
        guard self.options.json, isLast else { return }
        let document = FailureDocument(
            error: .init(code: error.code.rawValue, message: error.sentence, remedy: error.remedy)
        )
        try? self.result(document, lines: [])
    }

    /// Begins a step.
    func begin(_ name: String, total: Int64?) {
        guard !self.options.quiet else { return }
        self.step.withLock { step in
            self.wipe(&step)
            step = Step(name: name, total: total)
        }
        if !self.isTerminal {
            Self.write("audio-client: \(name)\(total.map { " \(ProgressBar.amount($0))" } ?? "")\n", to: STDERR_FILENO)
        }
    }

    /// Ends the step.
    func endStep() { self.step.withLock { self.wipe(&$0) } }

    /// Takes what the client tells.
    func observe(_ event: ClientEvent) {
        switch event {
        case .sent(let count), .received(let count):
            guard !self.options.quiet, self.isTerminal else { return }
            self.step.withLock { step in
                step.done += count
                let now = ContinuousClock.now
                if let drawn = step.drawn, now - drawn < .milliseconds(100) { return }
                step.drawn = now
                let line = ProgressBar.line(step.name, done: step.done, total: step.total)
                Self.write("\r\u{1B}[K" + line, to: STDERR_FILENO)
            }
        case .smallerChunks:
            self.step.withLock { $0.done = 0 }
            if let notice = event.notice { self.notice(notice) }
        case .resuming(let offset, _):
            self.step.withLock { $0.done = offset }
            if let notice = event.notice { self.notice(notice) }
        case .retrying, .repeating:
            if let notice = event.notice { self.notice(notice) }
        }
    }

    private func wipe(_ step: inout Step) {
        guard self.isTerminal, step.drawn != nil else { return }
        step.drawn = nil
        Self.write("\r\u{1B}[K", to: STDERR_FILENO)
    }

    /// Writes all of a text.
    ///
    /// - Returns: The error (`errno`) that kept some of it from being written; `nil` for none.
    @discardableResult
    private static func write(_ text: String, to descriptor: Int32) -> Int32? {
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
                guard count > 0 else {
                    if errno == EINTR { continue }
                    return errno
                }
                done += count
            }
            return nil
        }
    }

    /// Writes a result, which is worth nothing where a part of it is missing.
    private static func tell(_ text: String, to descriptor: Int32) throws(ClientError) {
        // Who has read enough, as `head` does, has got what it wanted.
        guard let code = self.write(text, to: descriptor), code != EPIPE else { return }
        throw ClientError(
            .io,
            "The result can't be written to standard output: \(String(cString: strerror(code))).",
            remedy: "Make room, or let it go elsewhere, and run this again."
        )
    }
}
