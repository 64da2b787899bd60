import NIOCore
import Wire

@testable import AudioClient

// What a gateway of ours is asked, and how it answers.
extension ScriptedPeer {
    /// Accepts the request as a gateway of ours.
    func shakeHandsAsGateway() async throws { try await self.shakeHands(server: ServerIdentity.headerValue) }

    /// Waits for SUBSCRIBE.
    func expectSubscribe() async throws -> Int64 {
        let received = try await self.next()
        guard case .message(.subscribe(_, let offset)) = received else {
            throw Surprise(description: "\(received), not SUBSCRIBE")
        }
        return offset
    }

    /// Waits for LIST.
    func expectList() async throws -> ClientMessage.List {
        let received = try await self.next()
        guard case .message(.list(let list)) = received else { throw Surprise(description: "\(received), not LIST") }
        return list
    }

    /// Waits for DELETE.
    ///
    /// - Returns: The stream.
    @discardableResult
    func expectDelete() async throws -> String {
        let received = try await self.next()
        guard case .message(.delete(let streamID)) = received else {
            throw Surprise(description: "\(received), not DELETE")
        }
        return streamID
    }

    /// Sends SUBSCRIBED.
    func saySubscribed(_ offset: Int64) async throws {
        try await self.say(#"{"type":"SUBSCRIBED","streamId":"stream-1","offset":\#(offset),"requestId":1}"#)
    }

    /// Sends END.
    func sayEnd(_ size: Int, sha256: String? = nil) async throws {
        let digest = sha256.map { #","sha256":"\#($0)""# } ?? ""
        try await self.say(#"{"type":"END","streamId":"stream-1","size":\#(size)\#(digest)}"#)
    }
}

extension StreamHasher {
    /// The SHA-256 of some bytes.
    static func sha256(_ bytes: [UInt8]) -> String {
        var hasher = StreamHasher()
        hasher.update(ByteBuffer(bytes: bytes))
        return hasher.finish().sha256
    }
}
