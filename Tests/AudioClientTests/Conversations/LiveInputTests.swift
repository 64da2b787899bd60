import NIOCore
import Testing
import Wire

@testable import AudioClient

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("An upload of what comes as it comes")
struct LiveInputTests {
    /// A pipe, whose ends are closed with it.
    private final class Pipe: Sendable {
        let reading: Int32
        private let writing: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (self.reading, self.writing) = (ends[0], ends[1])
        }

        deinit { close(self.reading) }

        /// Writes so few bytes that the pipe takes them.
        func write(_ bytes: [UInt8]) throws {
            #if canImport(Glibc)
            let count = Glibc.write(self.writing, bytes, bytes.count)
            #elseif canImport(Musl)
            let count = Musl.write(self.writing, bytes, bytes.count)
            #else
            let count = Darwin.write(self.writing, bytes, bytes.count)
            #endif
            try #require(count == bytes.count)
        }

        func end() { close(self.writing) }
    }

    private func upload(_ pipe: Pipe, to url: ServerURL) async throws -> UploadSummary {
        try await UploadManager(client: url.client(retries: 3))
            .upload(live: LiveInput(descriptor: pipe.reading), as: "stream-1")
    }

    @Test("bytes go out as soon as they are there, in frames as short as they come")
    func atOnce() async throws {
        let pipe = try Pipe()
        let summary = try await ScriptedServer.run { peer in
            try await peer.shakeHandsAsGateway()
            #expect(try await peer.expectStart().ackEvery == 256 << 10)
            try await peer.say(#"{"type":"STARTED","offset":0,"requestId":1}"#)
            for part in [[1], [2, 3], [UInt8](repeating: 4, count: 4_000)] as [[UInt8]] {
                // The next bytes are written only once these have arrived.
                try pipe.write(part)
                #expect(try await peer.next() == .bytes(part))
            }
            pipe.end()
            let rest = try await peer.expectUpload()
            #expect(rest.frames.isEmpty)
            #expect(rest.sha256 == StreamHasher.sha256([1, 2, 3] + [UInt8](repeating: 4, count: 4_000)))
            try await peer.say(#"{"type":"STOPPED","size":4003,"requestId":1}"#)
        } body: { url in
            try await self.upload(pipe, to: url)
        }
        #expect(summary.size == 4_003)
    }

    @Test("what the gateway did not get before the connection broke is sent again, and nothing else")
    func replay() async throws {
        let pipe = try Pipe()
        _ = try await ScriptedServer.inTurn([
            { peer in
                try await peer.shakeHandsAsGateway()
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED","offset":0,"requestId":1}"#)
                try pipe.write([1, 2, 3, 4, 5])
                #expect(try await peer.next() == .bytes([1, 2, 3, 4, 5]))
                try await peer.say(#"{"type":"ACK","streamId":"stream-1","offset":3,"durableOffset":2}"#)
                try await peer.drop()
                try pipe.write([6, 7])
            },
            { peer in
                try await peer.shakeHandsAsGateway()
                #expect(try await peer.expectStart().resume)
                try await peer.say(#"{"type":"STARTED","offset":3,"requestId":1}"#)
                var rest: [UInt8] = []
                while rest.count < 4, case .bytes(let bytes) = try await peer.next() { rest += bytes }
                #expect(rest == [4, 5, 6, 7])
                pipe.end()
                let upload = try await peer.expectUpload()
                #expect(upload.frames.isEmpty && upload.sha256 == StreamHasher.sha256([1, 2, 3, 4, 5, 6, 7]))
                try await peer.say(#"{"type":"STOPPED","size":7,"requestId":1}"#)
            },
        ]) { url in
            try await self.upload(pipe, to: url)
        }
    }

    @Test("what the gateway wants and is not kept any more is an error, not a gap")
    func forgotten() async throws {
        let pipe = try Pipe()
        let error = await clientError {
            _ = try await ScriptedServer.inTurn([
                { peer in
                    try await peer.shakeHandsAsGateway()
                    try await peer.expectStart()
                    try await peer.say(#"{"type":"STARTED","offset":0,"requestId":1}"#)
                    try pipe.write([1, 2, 3])
                    #expect(try await peer.next() == .bytes([1, 2, 3]))
                    // The ping is answered once the ACK before it was read.
                    try await peer.say(#"{"type":"ACK","streamId":"stream-1","offset":2,"durableOffset":2}"#)
                    try await peer.frame(.ping, [9])
                    #expect(try await peer.next() == .pong([9]))
                    try await peer.drop()
                },
                { peer in
                    try await peer.shakeHandsAsGateway()
                    try await peer.expectStart()
                    try await peer.say(#"{"type":"STARTED","offset":1,"requestId":1}"#)
                },
            ]) { url in
                try await self.upload(pipe, to: url)
            }
        }
        pipe.end()
        #expect(error?.code == .io && error?.sentence.contains("byte 1") == true)
    }

    @Test("an input that can't be read ends the upload without a STOP")
    func unreadable() async throws {
        let directory = open("/", O_RDONLY)
        defer { close(directory) }
        let error = await clientError {
            _ = try await ScriptedServer.run { peer in
                try await peer.shakeHandsAsGateway()
                try await peer.expectStart()
                try await peer.say(#"{"type":"STARTED","offset":0,"requestId":1}"#)
                #expect(try await peer.next() == .close(.goingAway))
            } body: { url in
                try await UploadManager(client: url.client(retries: 3))
                    .upload(live: LiveInput(descriptor: directory, name: "nothing"), as: "stream-1")
            }
        }
        #expect(error?.code == .io && error?.sentence.contains("nothing") == true)
    }
}
