import Foundation
import NIOCore
import Testing
import Wire

@Suite("Control messages, written and read")
struct MessageRoundTripTests {
    @Test("a client's message is read as it was written")
    func clientRequests() {
        for seed in 1...2_000 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let request = random.clientRequest()
            let json = request.json()
            #expect(throws: Never.self, "seed \(seed): \(String(buffer: json))") {
                let read = try ClientRequest(json: json)
                #expect(read == request, "seed \(seed): \(String(buffer: json))")
            }
        }
    }

    @Test("a server's message is read as it was written")
    func serverMessages() {
        for seed in 1...1_000 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let message = random.serverMessage()
            let json = message.json()
            #expect(throws: Never.self, "seed \(seed): \(String(buffer: json))") {
                let read = try ServerMessage.decode(json: json)
                #expect(read == message, "seed \(seed): \(String(buffer: json))")
            }
        }
    }

    @Test("a full page of 1,000 streams with all their labels is read as it was written")
    func fullPage() throws {
        var random = SplitMix64(seed: 1_000)
        var page = ServerMessage(.list, message: "1000 streams")
        page.streams = (0..<1_000).map { random.streamDescription("stream-\($0)") }
        page.next = "stream-999"
        #expect(try ServerMessage.decode(json: page.json()) == page)
    }

    @Test("what we write is JSON to another reader, all of ASCII's control characters escaped")
    func otherReader() throws {
        for seed in 1...400 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let request = random.clientRequest()
            for json in [request.json(), random.serverMessage().json()] {
                #expect(!json.readableBytesView.contains { $0 < 0x20 }, "seed \(seed)")
                let object = try JSONSerialization.jsonObject(with: Data(json.readableBytesView))
                let members = try #require(object as? [String: Any], "seed \(seed)")
                #expect(members["type"] is String, "seed \(seed)")
            }
            let object = try JSONSerialization.jsonObject(with: Data(request.json().readableBytesView))
            let members = try #require(object as? [String: Any])
            #expect(self.described(members) == self.described(self.members(of: request)), "seed \(seed)")
        }
    }

    @Test("what another writer writes is read, with unknown members of any kind between")
    func otherWriter() throws {
        for seed in 1...1_000 as ClosedRange<UInt64> {
            var random = SplitMix64(seed: seed)
            let request = random.clientRequest()
            var members = self.members(of: request)
            for index in 0..<Int.random(in: 0...4, using: &random) {
                members["x-\(index)"] = self.anything(depth: 3, &random)
            }
            for name in ["waitMs", "sha256", "resume", "metadata"] where members[name] == nil && random.oneIn(2) {
                members[name] = NSNull()
            }
            let options: JSONSerialization.WritingOptions = random.oneIn(2) ? [.prettyPrinted] : [.sortedKeys]
            let data = try JSONSerialization.data(withJSONObject: members, options: options)
            #expect(throws: Never.self, "seed \(seed): \(String(decoding: data, as: UTF8.self))") {
                let read = try ClientRequest(json: ByteBuffer(bytes: data))
                #expect(read == request, "seed \(seed): \(String(decoding: data, as: UTF8.self))")
            }
        }
    }

    private func anything(depth: Int, _ random: inout SplitMix64) -> Any {
        switch Int.random(in: 0..<(depth > 0 ? 7 : 5), using: &random) {
        case 0: return NSNull()
        case 1: return random.oneIn(2)
        case 2: return random.number()
        case 3: return Double(random.number()) / 3
        case 4: return random.text(upTo: 10)
        case 5: return (0..<2).map { _ in self.anything(depth: depth - 1, &random) }
        default:
            var members: [String: Any] = [:]
            for name in ["type", "b"] { members[name] = self.anything(depth: depth - 1, &random) }
            return members
        }
    }

    /// Members in a form in which a number is the same number, whatever type it has.
    private func described(_ members: [String: Any]) -> [String: String] {
        members.mapValues { value in
            if let flag = value as? Bool, flag { return "1" }
            guard let labels = value as? [String: String] else { return String(describing: value) }
            return labels.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
        }
    }

    /// The members that the protocol names for a request, written down once more.
    private func members(of request: ClientRequest) -> [String: Any] {
        var members: [String: Any?] = [:]
        switch request.requestID {
        case .integer(let number)?: members["requestId"] = number
        case .string(let string)?: members["requestId"] = string
        case nil: break
        }
        switch request.message {
        case .start(let start):
            members["type"] = "START"
            members["streamId"] = start.streamID
            members["resume"] = start.resume ? true : nil
            members["overwrite"] = start.overwrite ? true : nil
            members["contentType"] = start.contentType
            members["size"] = start.size
            members["ttlSeconds"] = start.timeToLiveSeconds
            members["metadata"] = start.metadata
            members["ackEvery"] = start.ackEvery
        case .stop(let id, let digest): members.merge(["type": "STOP", "streamId": id, "sha256": digest]) { $1 }
        case .abort(let id): members.merge(["type": "ABORT", "streamId": id]) { $1 }
        case .get(let get):
            members["type"] = "GET"
            members["streamId"] = get.streamID
            members["offset"] = get.offset
            members["length"] = get.length
            members["waitMs"] = get.waitMilliseconds
        case .subscribe(let id, let offset):
            members.merge(["type": "SUBSCRIBE", "streamId": id, "offset": offset == 0 ? nil : offset]) { $1 }
        case .unsubscribe(let id): members.merge(["type": "UNSUBSCRIBE", "streamId": id]) { $1 }
        case .info(let id): members.merge(["type": "INFO", "streamId": id]) { $1 }
        case .list(let list):
            members["type"] = "LIST"
            members["prefix"] = list.prefix
            members["state"] = list.state
            members["limit"] = list.limit
            members["after"] = list.after
        case .delete(let id): members.merge(["type": "DELETE", "streamId": id]) { $1 }
        case .ping: members["type"] = "PING"
        }
        return members.compactMapValues { $0 }
    }
}
