public import Foundation

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A command of this package that is at work, as it was built beside the tests.
public final class CommandProcess: Sendable {
    /// The command was not built.
    public struct NotBuilt: Error, CustomStringConvertible {
        /// Where it was looked for, and how to build it.
        public let description: String
    }

    private let process = Process()
    private let directory: TemporaryDirectory
    private let exit: AsyncStream<Int32>

    /// Starts one.
    ///
    /// - Parameters:
    ///   - name: Its name.
    ///   - arguments: Its arguments.
    ///   - input: Its standard input; nothing where none is given.
    /// - Throws: ``NotBuilt``, or why it can't be started.
    public init(_ name: String, _ arguments: [String], input: FileHandle? = nil) throws {
        let directory = try TemporaryDirectory()
        self.directory = directory
        for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: directory.file(name), contents: nil) }
        let (exit, announce) = AsyncStream<Int32>.makeStream()
        self.exit = exit
        self.process.executableURL = try Self.program(name)
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

    /// Where a command is: beside the bundle of the tests, wherever that is.
    ///
    /// - Parameter name: Its name.
    /// - Throws: ``NotBuilt``.
    public static func program(_ name: String) throws -> URL {
        let bundles = Bundle.allBundles.map(\.bundleURL) + [URL(filePath: CommandLine.arguments[0])]
        let places = bundles.map { $0.deletingLastPathComponent().appending(path: name) }
        guard let found = places.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
            throw NotBuilt(
                description: "\(name) is not in \(places.map(\.path)): build it with swift build --build-tests"
            )
        }
        return found
    }

    /// What it has written to standard output.
    public var output: String { self.text("out") }

    /// What it has written to standard error.
    public var errors: String { self.text("err") }

    private func text(_ name: String) -> String {
        String(decoding: FileManager.default.contents(atPath: self.directory.file(name)) ?? Data(), as: UTF8.self)
    }

    /// Whether it has not ended.
    public var isRunning: Bool { self.process.isRunning }

    /// Sends a signal, unless it has ended.
    ///
    /// - Parameter signal: Its number (signal(7)).
    public func send(_ signal: Int32) { if self.isRunning { kill(self.process.processIdentifier, signal) } }

    /// Sends a signal as soon as something is so, unless it has ended before: for what must not come late. It comes from a
    /// thread of its own, since tests that keep the threads of all tasks busy hold those up for seconds.
    ///
    /// - Parameters:
    ///   - signal: Its number (signal(7)).
    ///   - milliseconds: How long after that.
    ///   - condition: Whether it is so.
    public func send(
        _ signal: Int32,
        milliseconds: UInt32 = 0,
        once condition: @escaping @Sendable (CommandProcess) -> Bool
    ) {
        Thread.detachNewThread { [weak self] in
            while let self, self.isRunning {
                guard condition(self) else {
                    usleep(1_000)
                    continue
                }
                usleep(milliseconds * 1_000)
                return self.send(signal)
            }
        }
    }

    /// Waits for its end.
    ///
    /// - Returns: The exit status, or the signal that ended it, negative.
    public func status() async -> Int32? {
        for await status in self.exit { return status }
        return nil
    }
}
