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
    func result(_ document: some Encodable, lines: [String]) throws {
        var text = lines.joined(separator: "\n")
        if self.options.json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            text = String(decoding: try encoder.encode(document), as: UTF8.self)
        }
        guard !text.isEmpty else { return }
        Self.write(text + "\n", to: STDOUT_FILENO)
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
    func failure(_ error: ClientError) {
        self.step.withLock { self.wipe(&$0) }
        Self.write("audio-client: \(error)\n", to: STDERR_FILENO)
        guard self.options.json else { return }
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
        case .retrying:
            if let notice = event.notice { self.notice(notice) }
        }
    }

    private func wipe(_ step: inout Step) {
        guard self.isTerminal, step.drawn != nil else { return }
        step.drawn = nil
        Self.write("\r\u{1B}[K", to: STDERR_FILENO)
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var text = text
        text.withUTF8 { bytes in
            var done = 0
            while done < bytes.count, let base = bytes.baseAddress {
                #if canImport(Glibc)
                let count = Glibc.write(descriptor, base + done, bytes.count - done)
                #elseif canImport(Musl)
                let count = Musl.write(descriptor, base + done, bytes.count - done)
                #else
                let count = Darwin.write(descriptor, base + done, bytes.count - done)
                #endif
                guard count > 0 else { return }
                done += count
            }
        }
    }
}
