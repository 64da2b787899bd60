import Foundation
import Synchronization
import TestSupport

/// A `gateway` of its own process.
final class GatewayProcess: Sendable {
    private let process = Process()
    private let directory: TemporaryDirectory
    private let exit: AsyncStream<Int32>

    /// Where the executable was built, if it was.
    static let executable: String? = {
        let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../..")
        let beside = CommandLine.arguments.first.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
        return [beside, repository.appendingPathComponent(".build/debug")].compactMap {
            $0?.appendingPathComponent("gateway").standardized.path
        }
        .first { FileManager.default.isExecutableFile(atPath: $0) }
    }()

    /// Starts a gateway.
    ///
    /// - Parameters:
    ///   - arguments: Its arguments.
    ///   - directory: Its working directory, and where its output goes.
    ///   - environment: What its environment has beside this process's.
    ///   - errors: Where its standard error goes instead of the directory.
    ///   - socket: What a service manager hands over, as its descriptor 3.
    init(
        _ arguments: [String],
        in directory: TemporaryDirectory,
        environment: [String: String] = [:],
        errors: FileHandle? = nil,
        socket: FileHandle? = nil
    ) throws {
        self.directory = directory
        let (exit, announce) = AsyncStream<Int32>.makeStream()
        self.exit = exit
        let executable = Self.executable ?? "/nonexistent"
        self.process.executableURL = URL(fileURLWithPath: socket == nil ? executable : "/bin/sh")
        self.process.arguments = socket == nil ? arguments : ["-c", Self.handingOver, executable] + arguments
        self.process.currentDirectoryURL = URL(fileURLWithPath: directory.path)
        for name in ["out", "err"] { _ = FileManager.default.createFile(atPath: directory.file(name), contents: nil) }
        self.process.standardOutput = FileHandle(forWritingAtPath: directory.file("out"))
        self.process.standardError = errors ?? FileHandle(forWritingAtPath: directory.file("err"))
        self.process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        self.process.standardInput = socket ?? FileHandle.nullDevice
        self.process.terminationHandler = { process in
            announce.yield(process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
            announce.finish()
        }
        try self.process.run()
    }

    /// Becomes a program that is handed over its standard input, as systemd does it.
    private static let handingOver = #"""
        exec 3<&0 </dev/null
        LISTEN_FDS=${LISTEN_FDS:-1} LISTEN_PID=${LISTEN_PID:-$$} exec "$0" "$@"
        """#

    deinit {
        if self.process.isRunning { kill(self.process.processIdentifier, SIGKILL) }
    }

    private func text(_ name: String) -> String {
        FileManager.default.contents(atPath: self.directory.file(name)).map { String(decoding: $0, as: UTF8.self) }
            ?? ""
    }

    /// What it has written to standard output.
    var output: String { self.text("out") }

    /// What it has written to standard error.
    var errors: String { self.text("err") }

    /// Whether it has not ended.
    var isRunning: Bool { self.process.isRunning }

    /// Sends a signal.
    func send(_ signal: CInt) { kill(self.process.processIdentifier, signal) }

    /// Waits for its end.
    ///
    /// - Returns: The exit status, or the signal that ended it, negative.
    func status() async -> Int32? {
        for await status in self.exit { return status }
        return nil
    }

    /// Waits until it listens.
    ///
    /// - Returns: The port.
    func port() async throws -> Int {
        while self.process.isRunning {
            if let match = self.errors.firstMatch(of: /wss?:\/\/127\.0\.0\.1:([0-9]+)\/audio/), let port = Int(match.1)
            {
                return port
            }
            await Task.yield()
        }
        throw RawPeer.Surprise("the gateway ended: \(self.errors)")
    }

    /// Runs a gateway to its end.
    static func run(
        _ arguments: [String],
        in directory: TemporaryDirectory,
        environment: [String: String] = [:],
        socket: FileHandle? = nil
    ) async throws -> (status: Int32?, output: String, errors: String) {
        let process = try GatewayProcess(arguments, in: directory, environment: environment, socket: socket)
        let status = await process.status()
        return (status, process.output, process.errors)
    }
}
