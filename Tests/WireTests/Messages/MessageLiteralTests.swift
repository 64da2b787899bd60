import NIOCore
import Testing
import Wire

@Suite("Control messages, letter by letter")
struct MessageLiteralTests {
    struct Client: Sendable, CustomTestStringConvertible {
        var request: ClientRequest
        var json: String
        var testDescription: String { self.json }

        init(_ message: ClientMessage, _ json: String) { self.init(message, nil, json) }

        init(_ message: ClientMessage, _ requestID: RequestID?, _ json: String) {
            self.request = ClientRequest(message, requestID: requestID)
            self.json = json
        }
    }

    private static var clientMessages: [Client] {
        var start = ClientMessage.Start(streamID: "s")
        start.contentType = "audio/wav"
        start.size = 10
        start.timeToLiveSeconds = 60
        start.metadata = ["b": "2", "a": "1"]
        start.ackEvery = 65_536
        var resumed = ClientMessage.Start(streamID: "s")
        resumed.resume = true
        var overwriting = ClientMessage.Start(streamID: "s")
        overwriting.overwrite = true
        var list = ClientMessage.List()
        list.prefix = "p"
        list.state = "live"
        list.limit = 5
        list.after = "q"
        return [
            Client(.start(.init(streamID: "s")), #"{"type":"START","streamId":"s"}"#),
            Client(
                .start(start),
                #"{"type":"START","streamId":"s","contentType":"audio/wav","size":10,"ttlSeconds":60,"#
                    + #""metadata":{"a":"1","b":"2"},"ackEvery":65536}"#
            ),
            Client(.start(resumed), #"{"type":"START","streamId":"s","resume":true}"#),
            Client(.start(overwriting), #"{"type":"START","streamId":"s","overwrite":true}"#),
            Client(.stop(streamID: "s", sha256: nil), #"{"type":"STOP","streamId":"s"}"#),
            Client(.stop(streamID: nil, sha256: nil), #"{"type":"STOP"}"#),
            Client(
                .stop(streamID: "s", sha256: "ab"),
                .integer(-1),
                #"{"type":"STOP","streamId":"s","sha256":"ab","requestId":-1}"#
            ),
            Client(.abort(streamID: nil), #"{"type":"ABORT"}"#),
            Client(.abort(streamID: "s"), #"{"type":"ABORT","streamId":"s"}"#),
            Client(
                .get(.init(streamID: "s", offset: 0, length: 65_536)),
                #"{"type":"GET","streamId":"s","offset":0,"length":65536}"#
            ),
            Client(
                .get(.init(streamID: "s", offset: -7, length: .max, waitMilliseconds: 0)),
                .string("r"),
                #"{"type":"GET","streamId":"s","offset":-7,"length":9223372036854775807,"waitMs":0,"requestId":"r"}"#
            ),
            Client(.subscribe(streamID: "s", offset: 0), #"{"type":"SUBSCRIBE","streamId":"s"}"#),
            Client(.subscribe(streamID: "s", offset: -1), #"{"type":"SUBSCRIBE","streamId":"s","offset":-1}"#),
            Client(.unsubscribe(streamID: "s"), #"{"type":"UNSUBSCRIBE","streamId":"s"}"#),
            Client(.info(streamID: "s"), #"{"type":"INFO","streamId":"s"}"#),
            Client(.list(.init()), #"{"type":"LIST"}"#),
            Client(.list(list), #"{"type":"LIST","prefix":"p","state":"live","limit":5,"after":"q"}"#),
            Client(.delete(streamID: "s"), #"{"type":"DELETE","streamId":"s"}"#),
            Client(.ping, .integer(.max), #"{"type":"PING","requestId":9223372036854775807}"#),
        ]
    }

    @Test("a client's messages: compact, type first, in upper case, only what is needed", arguments: clientMessages)
    func client(_ sample: Client) {
        #expect(String(buffer: sample.request.json()) == sample.json)
    }

    struct Server: Sendable, CustomTestStringConvertible {
        var message: ServerMessage
        var json: String
        var testDescription: String { self.json }

        init(
            _ kind: ServerMessage.Kind,
            _ id: String?,
            _ json: String,
            _ change: (inout ServerMessage) -> Void = { _ in }
        ) {
            self.message = ServerMessage(kind, streamID: id, message: "m")
            change(&self.message)
            self.json = json
        }
    }

    private static var serverMessages: [Server] {
        var info = StreamDescription(streamID: "s", state: "sealed", size: 3)
        info.contentType = "audio/wav"
        info.sha256 = "ab"
        info.createdAt = 1
        info.sealedAt = 2
        info.lastReadAt = 3
        info.expiresAt = 4
        info.timeToLiveSeconds = 5
        info.metadata = ["k": "v"]
        info.durability = "tier"
        info.readers = 6
        info.copies = ["hot", "cold"]
        let live = StreamDescription(streamID: "t", state: "live", size: 0)
        let facts =
            #""state":"sealed","size":3,"contentType":"audio/wav","sha256":"ab","createdAt":1,"sealedAt":2,"#
            + #""lastReadAt":3,"expiresAt":4,"ttlSeconds":5,"metadata":{"k":"v"},"durability":"tier","#
            + #""readers":6,"copies":["hot","cold"]"#
        return [
            Server(.connected, nil, #"{"type":"CONNECTED","message":"m"}"#),
            Server(.started, "s", #"{"type":"STARTED","streamId":"s","message":"m"}"#),
            Server(
                .started,
                "s",
                #"{"type":"STARTED","streamId":"s","message":"m","requestId":1,"offset":5,"epoch":2}"#
            ) {
                $0.requestID = .integer(1)
                $0.offset = 5
                $0.epoch = 2
            },
            Server(.stopped, "s", #"{"type":"STOPPED","streamId":"s","message":"m"}"#),
            Server(
                .stopped,
                "s",
                #"{"type":"STOPPED","streamId":"s","message":"m","size":3,"sha256":"ab","durability":"none"}"#
            ) {
                $0.size = 3
                $0.sha256 = "ab"
                $0.durability = "none"
            },
            Server(.aborted, "s", #"{"type":"ABORTED","streamId":"s","message":"m"}"#),
            Server(.ack, "s", #"{"type":"ACK","streamId":"s","message":"m","offset":9,"durableOffset":8}"#) {
                $0.offset = 9
                $0.durableOffset = 8
            },
            Server(.subscribed, "s", #"{"type":"SUBSCRIBED","streamId":"s","message":"m","offset":0}"#) {
                $0.offset = 0
            },
            Server(.unsubscribed, "s", #"{"type":"UNSUBSCRIBED","streamId":"s","message":"m"}"#),
            Server(.end, "s", #"{"type":"END","streamId":"s","message":"m","state":"sealed","size":3}"#) {
                $0.size = 3
                $0.state = "sealed"
            },
            Server(.info, nil, #"{"type":"INFO","streamId":"s","message":"m",\#(facts)}"#) { $0.info = info },
            Server(
                .list,
                nil,
                #"{"type":"LIST","message":"m","streams":[{"streamId":"s",\#(facts)},"#
                    + #"{"streamId":"t","state":"live","size":0}],"next":"t"}"#
            ) {
                $0.streams = [info, live]
                $0.next = "t"
            },
            Server(.list, nil, #"{"type":"LIST","message":"m","streams":[]}"#) { $0.streams = [] },
            Server(.deleted, "s", #"{"type":"DELETED","streamId":"s","message":"m"}"#),
            Server(.pong, nil, #"{"type":"PONG","message":"m","server":"x/1","backend":"mmap"}"#) {
                $0.server = "x/1"
                $0.backend = "mmap"
            },
            Server(
                .error,
                "s",
                #"{"type":"ERROR","streamId":"s","message":"m","requestId":"r","code":"limit","retryable":true,"retryAfterMs":50}"#
            ) {
                $0 = .error(.limit, "m", streamID: "s", requestID: .string("r"), isRetryable: true)
                $0.retryAfterMilliseconds = 50
            },
            Server(.error, nil, #"{"type":"ERROR","message":"m","code":"io"}"#) { $0 = .error(.io, "m") },
            Server(.error, nil, #"{"type":"ERROR","message":""}"#) { $0.message = "" },
        ]
    }

    @Test("a server's messages: compact, type first, always with a message", arguments: serverMessages)
    func server(_ sample: Server) {
        #expect(String(buffer: sample.message.json()) == sample.json)
    }

    @Test("what JSON forbids in a string is escaped, and nothing else")
    func escapes() {
        let controls = String(String.UnicodeScalarView((0..<0x20).map { Unicode.Scalar(UInt8($0)) }))
        let message = ServerMessage(.error, message: controls + "\"\\/\u{7F}é\u{2028}🎧")
        #expect(
            String(buffer: message.json()) == #"{"type":"ERROR","message":""#
                + #"\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\t\n\u000b\u000c\r\u000e\u000f"#
                + #"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001a\u001b\u001c\u001d\u001e\u001f"#
                + "\\\"\\\\/\u{7F}é\u{2028}🎧\"}"
        )
    }

    @Test("the error codes have the words of the protocol")
    func codes() {
        let codes: [ErrorCode] = [
            .badMessage, .unknownType, .badStreamID, .streamNotFound, .streamExists, .streamBusy, .noOpenStream, .range,
            .notYet, .end, .aborted, .digestMismatch, .storageFull, .streamTooLarge, .limit, .unauthorized,
            .unsupported,
            .shuttingDown, .io,
        ]
        let words = """
            bad_message unknown_type bad_stream_id stream_not_found stream_exists stream_busy no_open_stream range \
            not_yet end aborted digest_mismatch storage_full stream_too_large limit unauthorized unsupported \
            shutting_down io
            """
        #expect(codes.map(\.rawValue).joined(separator: " ") == words)
    }
}
