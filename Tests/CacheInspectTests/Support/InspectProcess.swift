import Foundation
import TestSupport

/// A `cache-inspect` that is at work, as it was built beside these tests.
final class InspectProcess: Sendable {
    private let process = Process()
    private let directory: TemporaryDirectory
    private let exit: AsyncStream<Int32>

    init(_ arguments: [String]) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: directory.file(name), contents: nil) }
        let (exit, announce) = AsyncStream<Int32>.makeStream()
        self.exit = exit
        self.process.executableURL = try CommandTests.program()
        self.process.arguments = arguments
        self.process.standardInput = FileHandle.nullDevice
        self.process.standardOutput = FileHandle(forWritingAtPath: directory.file("out"))
        self.process.standardError = FileHandle(forWritingAtPath: directory.file("err"))
        self.process.terminationHandler = { process in
            announce.yield(process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
            announce.finish()
        }
        try self.process.run()
    }

    deinit { if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) } }

    /// What it has written to standard output.
    var output: String { self.text("out") }

    /// What it has written to standard error.
    var errors: String { self.text("err") }

    private func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: self.directory.file(name)) ?? Data(), as: UTF8.self)
    }

    /// Sends a signal.
    func send(_ signal: Int32) { kill(self.process.processIdentifier, signal) }

    /// Waits for its end.
    ///
    /// - Returns: The exit status, or the signal that ended it, negative.
    func status() async -> Int32? {
        for await status in self.exit { return status }
        return nil
    }
}
