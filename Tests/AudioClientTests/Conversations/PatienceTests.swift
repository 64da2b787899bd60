import NIOCore
import Testing
import Wire

@testable import AudioClient

@Suite("Waiting where nothing has to happen")
struct PatienceTests {
    // MARK: Following a stream

    private func follow(_ time: ScriptedTime) throws -> EventLoopFuture<TailResult<MemorySink>> {
        let promise = time.eventLoop.makePromise(of: TailResult<MemorySink>.self)
        time.handler.begin(
            TailPump(
                "stream-1",
                plan: TailPlan("stream-1", from: .offset(0)),
                sink: MemorySink(),
                name: "following",
                observer: { _ in },
                promise: promise
            )
        )
        #expect(try time.sent() == ["subscribe"])
        try time.receive(#"{"type":"SUBSCRIBED","streamId":"stream-1","offset":0,"requestId":1}"#)
        // Something has come since the wait began.
        time.pass()
        #expect(try time.sent() == [])
        return promise.futureResult
    }

    @Test("a stream in which nothing happens is waited for as long as the gateway answers pings")
    func quietStream() throws {
        let time = try ScriptedTime()
        let end = try self.follow(time)
        for _ in 0..<1_000 {
            time.pass()
            try #require(try time.sent() == ["ping"])
            try time.receive(.pong)
            time.pass()
            try #require(try time.sent() == [])
        }
        try time.receive(.binary, [1])
        try time.receive(#"{"type":"END","streamId":"stream-1","size":1}"#)
        let result = try end.wait()
        #expect(result.error == nil && Array(result.sink.bytes.readableBytesView) == [1])
    }

    @Test("a gateway that answers no ping is taken for dead: once, after one more wait, and with what had come")
    func deadGateway() throws {
        let time = try ScriptedTime()
        let end = try self.follow(time)
        try time.receive(.binary, [1, 2])
        time.pass()
        #expect(try time.sent() == [])
        time.pass()
        #expect(try time.sent() == ["ping"])
        time.pass()
        #expect(try time.sent() == ["close 1001"])
        let result = try end.wait()
        #expect(result.error?.cause == .timedOut && result.plan.position == 2)
        time.pass()
        #expect(try time.sent() == [])
    }

    @Test("before SUBSCRIBED nothing is waited for longer than for any answer, and nobody is pinged")
    func noAnswer() throws {
        let time = try ScriptedTime()
        let promise = time.eventLoop.makePromise(of: TailResult<MemorySink>.self)
        time.handler.begin(
            TailPump(
                "stream-1",
                plan: TailPlan("stream-1", from: .offset(0)),
                sink: MemorySink(),
                name: "following",
                observer: { _ in },
                promise: promise
            )
        )
        time.pass()
        #expect(try time.sent() == ["subscribe", "close 1001"])
        #expect(try promise.futureResult.wait().error?.cause == .timedOut)
    }

    // MARK: Sending what comes as it comes

    /// An input that has nothing for now.
    private struct QuietInput: ChunkSource {
        var size: Int64? { nil }
        var isAtEnd: Bool { false }
        mutating func read(into target: UnsafeMutableRawBufferPointer) throws(ClientError) -> Int { 0 }
        mutating func seek(to offset: Int64) throws(ClientError) {}
        func whenReadable(_ wake: @escaping @Sendable () -> Void) {}
    }

    private func send(_ time: ScriptedTime) -> EventLoopFuture<PumpResult<QuietInput>> {
        let promise = time.eventLoop.makePromise(of: PumpResult<QuietInput>.self)
        time.handler.begin(
            UploadPump(QuietInput(), chunkSize: 65_536, name: "sending", observer: { _ in }, promise: promise)
        )
        return promise.futureResult
    }

    @Test("an input in which nothing happens is no failure as long as the gateway answers pings")
    func quietInput() throws {
        let time = try ScriptedTime()
        let end = self.send(time)
        for _ in 0..<1_000 {
            time.pass()
            try #require(try time.sent() == ["ping"])
            try time.receive(.pong)
            time.pass()
            try #require(try time.sent() == [])
        }
        time.pass()
        time.pass()
        #expect(try time.sent() == ["ping", "close 1001"])
        #expect(try end.wait().error?.cause == .timedOut)
    }

    @Test("a server of the original system, one of which dies of a ping, is not sent one")
    func baseServer() throws {
        let time = try ScriptedTime(isOurGateway: false)
        let end = self.send(time)
        for _ in 0..<10 { time.pass() }
        #expect(try time.sent() == [])
        time.handler.cancel()
        #expect(try end.wait().error?.cause == .cancelled)
    }

    // MARK: Waiting for an answer behind what is still on its way

    private func stop(_ time: ScriptedTime) throws -> EventLoopFuture<ServerMessage> {
        let promise = time.eventLoop.makePromise(of: ServerMessage.self)
        let request = ClientRequest(.stop(streamID: "stream-1", sha256: nil), requestID: .integer(1))
        time.handler.begin(Question(request, answeredBy: .stopped, name: "finishing", promise: promise))
        #expect(try time.sent() == ["another message"])
        return promise.futureResult
    }

    @Test("the answer to STOP is waited for as long as the server takes of what was sent before it")
    func slowLink() throws {
        let time = try ScriptedTime()
        time.sendQueue.value = 2_000
        let answer = try self.stop(time)
        for left in stride(from: 1_999, through: 0, by: -1) {
            time.sendQueue.value = Int64(left)
            time.pass()
            try #require(try time.sent() == [])
        }
        try time.receive(#"{"type":"STOPPED","streamId":"stream-1","size":1,"requestId":1}"#)
        #expect(try answer.wait().size == 1)
    }

    @Test("a server that has begun to take nothing is given up, however much still waits for it")
    func stuckLink() throws {
        let time = try ScriptedTime()
        time.sendQueue.value = 2_000
        let answer = try self.stop(time)
        time.sendQueue.value = 1_000
        time.pass()
        #expect(try time.sent() == [])
        time.pass()
        #expect(try time.sent() == ["close 1001"])
        #expect(throws: ClientError.self) { try answer.wait() }
    }

    @Test("an ACK says that the server is at work on what came before STOP")
    func acknowledged() throws {
        let time = try ScriptedTime()
        let answer = try self.stop(time)
        for offset in 1...100 {
            try time.receive(#"{"type":"ACK","streamId":"stream-1","offset":\#(offset),"durableOffset":\#(offset)}"#)
            time.pass()
            try #require(try time.sent() == [])
        }
        time.pass()
        #expect(try time.sent() == ["close 1001"])
        #expect(throws: ClientError.self) { try answer.wait() }
    }
}
