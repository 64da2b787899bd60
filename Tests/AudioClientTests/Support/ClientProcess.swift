import Foundation
import TestSupport
import Testing

/// An `audio-client` that is at work, as it was built beside these tests.
final class ClientProcess: Sendable {
    private let process = Process()
    private let directory: TemporaryDirectory
    private let exit: AsyncStream<Int32>

    /// Starts one.
    ///
    /// - Parameters:
    ///   - arguments: Its arguments.
    ///   - input: Its standard input; nothing where none is given.
    init(_ arguments: [String], input: FileHandle? = nil) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: directory.file(name), contents: nil) }
        let (exit, announce) = AsyncStream<Int32>.makeStream()
        self.exit = exit
        self.process.executableURL = try Self.program()
        self.process.arguments = arguments
        self.process.standardInput = input ?? FileHandle.nullDevice
        self.process.standardOutput = FileHandle(forWritingAtPath: directory.file("out"))
        self.process.standardError = FileHandle(forWritingAtPath: directory.file("err"))
        self.process.terminationHandler = { process in
            announce.yield(process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
            announce.finish()
        }
        try self.process.run()
    }

    deinit { if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) } }

    /// Beside the bundle of the tests, wherever that is.
    private static func program() throws -> URL {
        let bundles = Bundle.allBundles.map(\.bundleURL) + [URL(filePath: CommandLine.arguments[0])]
        let places = bundles.map { $0.deletingLastPathComponent().appending(path: "audio-client") }
        return try #require(
            places.first { FileManager.default.isExecutableFile(atPath: $0.path) },
            "audio-client is not in \(places.map(\.path)): build it with swift build --build-tests"
        )
    }

    /// What it has written to standard output.
    var output: String { self.text("out") }

    /// What it has written to standard error.
    var errors: String { self.text("err") }

    private func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: self.directory.file(name)) ?? Data(), as: UTF8.self)
    }

    /// Whether it has not ended.
    var isRunning: Bool { self.process.isRunning }

    /// Sends a signal, unless it has ended.
    func send(_ signal: Int32) { if self.isRunning { kill(self.process.processIdentifier, signal) } }

    /// Waits for its end.
    ///
    /// - Returns: The exit status, or the signal that ended it, negative.
    func status() async -> Int32? {
        for await status in self.exit { return status }
        return nil
    }
}
