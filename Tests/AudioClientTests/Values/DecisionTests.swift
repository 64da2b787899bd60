import NIOCore
import NIOHTTP1
import Testing
import Wire

@testable import AudioClient

@Suite("Decisions")
struct DecisionTests {
    // MARK: Answers

    @Test(
        "an answer is known by its kind, and by its mark where there is one",
        arguments: [
            (ServerMessage.Kind.started, nil, AnswerRule.Verdict.answer), (.started, 7, .answer),
            (.started, 8, .unrelated),
            (.error, nil, .refusal), (.error, 7, .refusal), (.error, 8, .unrelated), (.ack, nil, .unrelated),
            (.stopped, nil, .unrelated),
        ] as [(ServerMessage.Kind, Int64?, AnswerRule.Verdict)]
    )
    func answers(kind: ServerMessage.Kind, mark: Int64?, verdict: AnswerRule.Verdict) {
        let rule = AnswerRule(expected: .started, requestID: .integer(7))
        let message = ServerMessage(kind, message: "", requestID: mark.map { .integer($0) })
        #expect(rule.verdict(on: message) == verdict)
    }

    @Test("a text frame is a message if it is an object with a type, and bytes otherwise")
    func texts() {
        func kind(_ text: String) -> String {
            switch IncomingText(ByteBuffer(string: text)) {
            case .message(let message): message.kind.rawValue
            case .unknown: "unknown"
            case .payload: "payload"
            }
        }
        #expect(kind(#"{"type":"stopped"}"#) == "STOPPED")
        #expect(kind(" \n{ \"type\" : \"Error\" }") == "ERROR")
        #expect(kind(#"{"type":"STARTED","message":[1],"size":"x"}"#) == "STARTED")
        #expect(kind(#"{"type":"NEWS"}"#) == "unknown")
        #expect(kind(#"{"type":"NEWS","message":1}"#) == "unknown")
        #expect(kind(#"{"kind":"STARTED"}"#) == "payload")
        #expect(kind(#"{"type":5}"#) == "payload")
        #expect(kind("{") == "payload")
        #expect(kind("ID3") == "payload")
        #expect(kind("") == "payload")
    }

    // MARK: Trying again

    private func error(_ cause: ClientError.Cause?) -> ClientError { ClientError(.io, "x", cause: cause) }

    @Test("smaller chunks are tried where the big ones may have been the reason")
    func chunkSizes() {
        func smaller(
            _ cause: ClientError.Cause?,
            chunk: Int = 65_536,
            sent: Int64 = 65_536,
            isOurs: Bool = false,
            isFixed: Bool = false
        ) -> Int? {
            var configuration = ClientConfiguration()
            configuration.isChunkSizeFixed = isFixed
            return ChunkSizeRule.smaller(
                after: self.error(cause),
                chunkSize: chunk,
                sent: sent,
                isOurGateway: isOurs,
                configuration: configuration
            )
        }
        #expect(smaller(.closed(.messageTooBig)) == 16_384)
        #expect(smaller(.closed(.messageTooBig), isOurs: true) == 16_384)
        #expect(smaller(.closed(.messageTooBig), sent: 1 << 40) == 16_384)
        #expect(smaller(.dropped) == 16_384)
        #expect(smaller(.closed(nil)) == 16_384)
        #expect(smaller(.closed(.protocolError)) == 16_384)
        #expect(smaller(.dropped, isOurs: true) == nil, "ours say what they mean")
        #expect(smaller(.dropped, sent: 0) == nil, "no chunk was sent")
        #expect(smaller(.dropped, sent: 1 << 30) == nil, "the first chunk was long taken")
        #expect(smaller(.dropped, chunk: 16_384) == nil)
        #expect(smaller(.dropped, isFixed: true) == nil, "the user wants this size")
        #expect(smaller(.closed(.goingAway)) == nil)
        #expect(smaller(.timedOut) == nil)
        #expect(smaller(.server(.storageFull, isRetryable: true)) == nil)
        #expect(smaller(nil) == nil)
    }

    @Test("connecting is tried again where the reason may go away")
    func reconnecting() {
        #expect(RetryRule.isWorthRetrying(connecting: self.error(.refused)))
        #expect(RetryRule.isWorthRetrying(connecting: self.error(.timedOut)))
        #expect(RetryRule.isWorthRetrying(connecting: self.error(.dropped)))
        #expect(RetryRule.isWorthRetrying(connecting: ClientError(.unavailable, "x", cause: .status(503))))
        #expect(!RetryRule.isWorthRetrying(connecting: ClientError(.violation, "x", cause: .status(404))))
        #expect(!RetryRule.isWorthRetrying(connecting: self.error(.cancelled)))
        #expect(!RetryRule.isWorthRetrying(connecting: self.error(nil)))
    }

    @Test("a transfer goes on where only the connection failed, and only if the last one got anywhere")
    func resuming() {
        for cause in [.dropped, .timedOut, .closed(nil), .closed(.goingAway), .closed(.serviceRestart)]
            as [ClientError.Cause]
        {
            #expect(RetryRule.isWorthResuming(after: self.error(cause), hasProgressed: true))
            #expect(!RetryRule.isWorthResuming(after: self.error(cause), hasProgressed: false))
        }
        let final: [ClientError.Cause?] = [
            .closed(.messageTooBig), .closed(.policyViolation), .cancelled, .server(.io, isRetryable: false),
            .system(5), nil,
        ]
        for cause in final { #expect(!RetryRule.isWorthResuming(after: self.error(cause), hasProgressed: true)) }
    }

    // MARK: Handshake

    @Test("only an upgrade that fits the key, and adds nothing, is one")
    func handshake() {
        let key = "dGhlIHNhbXBsZSBub25jZQ=="
        let good: HTTPHeaders = [
            "Upgrade": "WebSocket", "Connection": "keep-alive, Upgrade",
            "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
        ]
        func fault(_ change: (inout HTTPHeaders) -> Void, status: HTTPResponseStatus = .switchingProtocols)
            -> ClientError?
        {
            var headers = good
            change(&headers)
            let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
            return HandshakeVerdict.fault(in: head, key: key)
        }
        #expect(fault { _ in } == nil)
        #expect(fault({ _ in }, status: .ok)?.cause == .status(200))
        #expect(fault { $0.remove(name: "Upgrade") } != nil)
        #expect(fault { $0.replaceOrAdd(name: "Upgrade", value: "h2c") } != nil)
        #expect(fault { $0.replaceOrAdd(name: "Connection", value: "close") } != nil)
        #expect(fault { $0.remove(name: "Sec-WebSocket-Accept") } != nil)
        #expect(fault { $0.add(name: "Sec-WebSocket-Accept", value: "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") } != nil)
        #expect(fault { $0.add(name: "Sec-WebSocket-Extensions", value: "permessage-deflate") } != nil)
        #expect(fault { $0.add(name: "Sec-WebSocket-Protocol", value: "audio") } != nil)
    }

    // MARK: Configuration and errors

    @Test("the defaults are the original system's, and values out of range are refused by name")
    func configuration() async {
        var configuration = ClientConfiguration()
        #expect(configuration.chunkSize == 65_536)
        #expect(configuration.connectTimeout == .milliseconds(5_000))
        #expect(configuration.backoff.maximumRetries == 10)
        #expect(ClientConfiguration.defaultURL == "ws://localhost:8080/audio")
        #expect(await clientErrorOrNil { try configuration.validate() } == nil)
        configuration.chunkSize = 0
        let error = await clientErrorOrNil { try configuration.validate() }
        #expect(error?.code == .configuration)
        #expect(error?.sentence.contains("chunk size") == true)
    }

    @Test("exit codes are those of sysexits(3)")
    func exitCodes() {
        let codes = ClientError.Code.allCases.map(\.rawValue)
        #expect(codes == [1, 64, 65, 66, 69, 73, 74, 76, 77, 78])
    }

    @Test("what a peer says cannot break the line that it is quoted in")
    func quoting() {
        var message = ServerMessage(.error, message: "bad\u{1B}[2J\r\nthing" + String(repeating: "x", count: 1_000))
        message.code = .io
        let error = ErrorHandler.refused(message, while: "testing")
        #expect(error.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        #expect(error.description.count < 500)
        #expect(error.code == .io)
    }
}

/// The error that something throws, or `nil`.
func clientErrorOrNil(_ body: () async throws -> Void) async -> ClientError? {
    do {
        try await body()
        return nil
    } catch {
        return error as? ClientError
    }
}
