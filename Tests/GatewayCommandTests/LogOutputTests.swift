import Foundation
import GatewayServer
import Logging
import TestSupport
import Testing

@testable import gateway

@Suite("Where log lines go", .timeLimit(.minutes(2)))
struct LogOutputTests {
    init() { signal(SIGPIPE, SIG_IGN) }

    private func lines(_ descriptor: Int32) -> [Substring] {
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = max(0, read(descriptor, &bytes, bytes.count))
        return String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
    }

    @Test("a reader that reads nothing holds nobody up, and is told later how much it missed")
    func stalledReader() throws {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        for number in 0..<10_000 { output.add("line \(number)") { "\($0) dropped" } }
        let first = self.lines(pipe.fileHandleForReading.fileDescriptor)
        #expect(first.first == "line 0" && first.last == "line \(first.count - 1)")
        output.add("after") { "\($0) dropped" }
        #expect(self.lines(pipe.fileHandleForReading.fileDescriptor) == ["\(10_000 - first.count) dropped", "after"])
        output.add("again") { "\($0) dropped" }
        #expect(self.lines(pipe.fileHandleForReading.fileDescriptor) == ["again"])
    }

    @Test("a full disk, a reader that is gone and no descriptor at all are borne")
    func nobody() throws {
        let gone = Pipe()
        try gone.fileHandleForReading.close()
        var outputs = [
            LogOutput(descriptor: gone.fileHandleForWriting.fileDescriptor), LogOutput(descriptor: 1_000_000),
        ]
        let full = FileHandle(forWritingAtPath: "/dev/full")
        if let full { outputs.append(LogOutput(descriptor: full.fileDescriptor)) }
        // A handle that nobody holds any more closes its descriptor.
        withExtendedLifetime((gone, full)) {
            for output in outputs {
                for _ in 0..<3 { output.add("x") { "\($0) dropped" } }
            }
        }
    }

    @Test("a logger writes its own and the event's facts, from its level on")
    func handler() throws {
        let pipe = Pipe()
        let output = LogOutput(descriptor: pipe.fileHandleForWriting.fileDescriptor)
        var logger = Logger(label: "gateway") {
            LineLogHandler(label: $0, format: .json, level: .info, output: output)
        }
        logger[metadataKey: "connection"] = "c7"
        logger.debug("not this")
        logger.info("stream sealed", metadata: ["stream": "a"])
        let lines = self.lines(pipe.fileHandleForReading.fileDescriptor)
        #expect(lines.count == 1)
        let object = try JSONSerialization.jsonObject(with: Data(try #require(lines.first).utf8)) as? [String: String]
        #expect(object?["connection"] == "c7" && object?["stream"] == "a" && object?["message"] == "stream sealed")
        #expect(object?["level"] == "info" && object?["logger"] == "gateway" && object?["time"] != nil)
    }
}
