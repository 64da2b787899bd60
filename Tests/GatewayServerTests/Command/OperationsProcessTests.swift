import Foundation
import NIOCore
import TestSupport
import Testing

@Suite(
    "The gateway as a service",
    .enabled(if: GatewayProcess.executable != nil, "the gateway is not built"),
    .timeLimit(.minutes(5))
)
struct OperationsProcessTests {
    @Test("started by hand, it says where to go; as lines of JSON, it says nothing else")
    func banner() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let process = try GatewayProcess(["--port", "0"], in: directory)
            let port = try await process.port()
            try await Self.wait(for: "the banner") { process.errors.contains("Ctrl-C") }
            #expect(process.errors.contains("http://127.0.0.1:\(port)/readyz"))
            #expect(process.errors.contains("\(directory.path)/cache\n"), "\(process.errors)")
            process.send(SIGTERM)
            #expect(await process.status() == 0)

            let terse = try GatewayProcess(["--port", "0", "--log-format", "json"], in: directory)
            _ = try await terse.port()
            terse.send(SIGTERM)
            #expect(await terse.status() == 0)
            let lines = terse.errors.split(separator: "\n")
            #expect(lines.count >= 3)
            for line in lines {
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
                #expect(object?["message"] is String && object?["level"] is String, "\(line)")
            }
        }
    }

    @Test("healthcheck ends with 0 while a gateway is ready, and with 1 and why where it is not, or nobody is there")
    func healthcheck() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let process = try GatewayProcess(["--port", "0"], in: directory)
            let port = try await process.port()
            let url = "http://127.0.0.1:\(port)"
            try await Self.wait(for: "readiness") { process.errors.contains(" ready\n") }
            let well = try await GatewayProcess.run(["healthcheck", "--url", url], in: try TemporaryDirectory())
            #expect(well.status == 0 && well.output == "{\"status\":\"ready\"}\n", "\(well)")
            let byPort = try await GatewayProcess.run(
                ["healthcheck", "--port", "\(port)"],
                in: try TemporaryDirectory()
            )
            #expect(byPort.status == 0, "\(byPort)")
            let other = try await GatewayProcess.run(
                ["healthcheck", "--url", url + "/nothing"],
                in: try TemporaryDirectory()
            )
            #expect(other.status == 1 && other.errors.contains("answers 404"), "\(other)")
            process.send(SIGTERM)
            #expect(await process.status() == 0)
            let gone = try await GatewayProcess.run(["healthcheck", "--url", url], in: try TemporaryDirectory())
            #expect(gone.status == 1 && gone.errors.contains("no answer from \(url)/readyz"), "\(gone)")
            let wrong = try await GatewayProcess.run(["healthcheck", "--url", "ftp://a"], in: try TemporaryDirectory())
            #expect(wrong.status == 64, "\(wrong)")
        }
    }

    @Test("a service manager hears that it is ready, that it lives, and that it stops")
    func notify() async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let manager = try DatagramSocket(directory.file("notify"))
            let process = try GatewayProcess(
                ["--port", "0"],
                in: directory,
                environment: ["NOTIFY_SOCKET": directory.file("notify"), "WATCHDOG_USEC": "200000"]
            )
            try manager.wait(for: "READY=1")
            try manager.wait(for: "WATCHDOG=1")
            process.send(SIGTERM)
            try manager.wait(for: "STOPPING=1")
            #expect(await process.status() == 0)
        }
    }

    @Test(
        "a log on a full disk, or that nobody reads any more, keeps nobody from being served",
        arguments: [true, false]
    )
    func lostLog(isFull: Bool) async throws {
        try await Slots.run {
            let directory = try TemporaryDirectory()
            let port = try DatagramSocket.freePort()
            let pipe = Pipe()
            let errors = isFull ? try #require(FileHandle(forWritingAtPath: "/dev/full")) : pipe.fileHandleForWriting
            let process = try GatewayProcess(
                ["--port", "\(port)", "--log-level", "trace"],
                in: directory,
                errors: errors
            )
            try pipe.fileHandleForReading.close()
            try await Self.wait(for: "a connection") {
                (try? await RawPeer.connect(port: port))?.channel.isActive == true
            }
            let peer = try await RawPeer.connect(port: port)
            try await peer.upgrade()
            try await peer.start("stream")
            peer.upload(sample(100_000), frameLength: 1_000)
            try await peer.stop("stream")
            #expect(try await peer.read("stream", 0, 1 << 20).isEqual(to: sample(100_000)))
            await peer.drop()
            process.send(SIGTERM)
            #expect(await process.status() == 0)
        }
    }

    /// Looks until something is so.
    private static func wait(for what: String, _ isSo: () async throws -> Bool) async throws {
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            if try await isSo() { return }
            await Task.yield()
        }
        throw RawPeer.Surprise("waited too long for \(what)")
    }
}

/// A socket that datagrams come to.
private final class DatagramSocket {
    private let descriptor: Int32

    init(_ path: String) throws {
        self.descriptor = socket(AF_UNIX, Self.datagrams, 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(self.descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(bound == 0)
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(self.descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { close(self.descriptor) }

    /// Reads datagrams until one has a line.
    func wait(for line: String) throws {
        var bytes = [UInt8](repeating: 0, count: 4_096)
        while true {
            let count = recv(self.descriptor, &bytes, bytes.count, 0)
            try #require(count > 0, "no \(line)")
            if String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").contains(Substring(line)) {
                return
            }
        }
    }

    /// A port that nobody listens on, for the moment.
    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Self.streams, 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isKnown = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(descriptor, address, length) == 0 && getsockname(descriptor, address, &length) == 0
            }
        }
        try #require(isKnown)
        return Int(UInt16(bigEndian: address.sin_port))
    }

    #if canImport(Glibc)
    private static var datagrams: Int32 { Int32(SOCK_DGRAM.rawValue) }
    private static var streams: Int32 { Int32(SOCK_STREAM.rawValue) }
    #else
    private static var datagrams: Int32 { SOCK_DGRAM }
    private static var streams: Int32 { SOCK_STREAM }
    #endif
}
