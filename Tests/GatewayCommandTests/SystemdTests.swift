import Foundation
import GatewayServer
import TestSupport
import Testing

@testable import gateway

@Suite("What a service manager is told")
struct SystemdTests {
    private func readiness(_ change: (inout Readiness) -> Void = { _ in }) -> Readiness {
        var readiness = Readiness()
        readiness.isListening = true
        change(&readiness)
        return readiness
    }

    /// What is told of a gateway that is so, one after the other.
    private func told(_ states: [Readiness]) -> [[String]] {
        var report = ServiceReport()
        return states.map { report.lines($0) }
    }

    @Test("the start lasts until connections are accepted and recovery is over, and asks for time until then")
    func start() {
        let recovering = self.readiness { $0.recovery = "412/9000" }
        let told = self.told([Readiness(), recovering, self.readiness(), self.readiness()])
        #expect(
            told == [
                ["EXTEND_TIMEOUT_USEC=60000000", "STATUS=starting"],
                ["EXTEND_TIMEOUT_USEC=60000000", "STATUS=recovering 412/9000"], ["READY=1", "STATUS=ready"],
                ["STATUS=ready"],
            ]
        )
    }

    @Test("a full disk is a status, and no reason not to have started")
    func full() {
        let full = self.readiness { $0.problems = ["storage_full: nothing is free in /x"] }
        let told = self.told([full])
        #expect(told == [["READY=1", "STATUS=storage_full"]])
    }

    @Test("the end is told once")
    func end() {
        let draining = self.readiness { $0.isDraining = true }
        let told = self.told([draining, draining])
        #expect(told == [["STOPPING=1", "STATUS=draining"], []])
        var report = ServiceReport()
        let lines = [report.stopping(), report.stopping(), report.lines(draining)]
        #expect(lines == [["STOPPING=1", "STATUS=draining"], [], []])
    }

    @Test("a watchdog is told twice in its time, where this process is the one to tell")
    func watchdog() {
        #expect(ServiceReport.watchdogPause(microseconds: "30000000", watched: nil, process: 7) == .seconds(15))
        #expect(ServiceReport.watchdogPause(microseconds: "30000000", watched: "7", process: 7) == .seconds(15))
        #expect(ServiceReport.watchdogPause(microseconds: "30000000", watched: "8", process: 7) == nil)
        for nonsense in [nil, "", "0", "-5", "x"] {
            #expect(ServiceReport.watchdogPause(microseconds: nonsense, watched: nil, process: 7) == nil)
        }
    }

    @Test("lines arrive as one datagram, at a path or at a name in the abstract namespace", arguments: [false, true])
    func datagrams(isAbstract: Bool) throws {
        #if !os(Linux)
        guard !isAbstract else { return }
        #endif
        let directory = try TemporaryDirectory()
        let name =
            isAbstract ? "@audio-stream-cache-test-\(UInt64.random(in: 0...UInt64.max))" : directory.file("notify")
        let manager = try FakeManager(name)
        let socket = try #require(NotifySocket(environment: name))
        #expect(socket.send(["READY=1", "STATUS=ready"]))
        #expect(manager.next() == "READY=1\nSTATUS=ready")
    }

    @Test("without a manager, or with one that is gone, nothing happens")
    func nobody() throws {
        for name in [nil, "", "/", "relative", "@"] { #expect(NotifySocket(environment: name) == nil) }
        let directory = try TemporaryDirectory()
        #expect(NotifySocket(environment: directory.file("gone"))?.send(["READY=1"]) == false)
        #expect(NotifySocket(environment: "/" + String(repeating: "x", count: 300))?.send(["READY=1"]) == false)
    }
}

/// The manager's end of the socket.
private final class FakeManager {
    private let descriptor: Int32

    init(_ name: String) throws {
        #if canImport(Glibc)
        self.descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
        #else
        self.descriptor = socket(AF_UNIX, SOCK_DGRAM, 0)
        #endif
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var path = Array(name.utf8)
        let isAbstract = path.first == UInt8(ascii: "@")
        if isAbstract { path[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
        let offset = MemoryLayout<sockaddr_un>.size - MemoryLayout.size(ofValue: address.sun_path)
        let length = socklen_t(offset + path.count + (isAbstract ? 0 : 1))
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(self.descriptor, $0, length) }
        }
        try #require(bound == 0)
    }

    deinit { close(self.descriptor) }

    /// The next datagram.
    func next() -> String {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        let count = max(0, recv(self.descriptor, &bytes, bytes.count, 0))
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}
