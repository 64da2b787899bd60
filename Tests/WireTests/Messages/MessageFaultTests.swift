import Foundation
import NIOCore
import Testing
import Wire

@Suite("Control messages that are none")
struct MessageFaultTests {
    @Test(
        "each fault has its code, keeps the request's mark, and says nothing of the peer's own",
        arguments: FaultyMessage.shapes + FaultyMessage.duplicates + FaultyMessage.fields + FaultyMessage.numbers
            + FaultyMessage.labels + FaultyMessage.mediaTypes
    )
    func fault(_ sample: FaultyMessage) {
        let fault = #expect(throws: MessageFault.self) { try ClientRequest(json: ByteBuffer(bytes: sample.bytes)) }
        #expect(fault?.code == sample.code, "\(fault?.message ?? "")")
        #expect(fault?.requestID == sample.requestID)
        #expect(fault?.message.utf8.allSatisfy { (0x20...0x7E).contains($0) } == true)
        #expect((fault?.message.utf8.count ?? 0) < 200)
    }

    @Test("what is just within the limits is taken")
    func withinLimits() throws {
        let members = (0..<62).map { #""k\#($0)":0"# }.joined(separator: ",")
        #expect(try self.read(#"{"type":"PING","x":{\#(members)}}"#).message == .ping)
        #expect(try self.read(#"{"type":"PING","x":[[[[[[[]]]]]]]}"#).message == .ping)
        let mark = String(repeating: "r", count: 128)
        #expect(try self.read(#"{"type":"PING","requestId":"\#(mark)"}"#).requestID == .string(mark))
        let long = String(repeating: "x", count: 256)
        let labels = (0..<16).map { #""\#($0)\#(long.dropFirst(2))":"\#(long)""# }.joined(separator: ",")
        guard
            case .start(let start) = try self.read(#"{"type":"START","streamId":"s","metadata":{\#(labels)}}"#).message
        else {
            Issue.record("no START")
            return
        }
        #expect(start.metadata?.count == 16)
    }

    @Test(
        "a media type is taken with its parameters",
        arguments: [
            "audio/mpeg", "application/octet-stream", "audio/vnd.wave", "audio/L16; rate=16000; channels=1",
            "audio/ogg;codecs=opus", "audio/ogg ; codecs=opus", #"audio/ogg; codecs=\"opus\""#, "a/b",
            "x-a!#$&^_/y+z.1",
            "audio/" + String(repeating: "x", count: 122),
        ]
    )
    func mediaTypes(type: String) throws {
        let json = #"{"type":"START","streamId":"s","contentType":"\#(type)"}"#
        guard case .start(let start) = try self.read(json).message else {
            Issue.record("no START")
            return
        }
        #expect(start.contentType == type.replacingOccurrences(of: "\\", with: ""))
    }

    private func read(_ json: String) throws(MessageFault) -> ClientRequest {
        try ClientRequest(json: ByteBuffer(string: json))
    }
}
