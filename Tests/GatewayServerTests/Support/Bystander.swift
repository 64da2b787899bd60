import Testing
import Wire

/// Somebody who uploads and reads while others misbehave, and must not notice.
struct Bystander {
    private let peer: RawPeer
    private let bytes = sample(90_000, seed: 77)
    private var sent = 0

    init(of gateway: TestGateway) async throws {
        self.peer = try await gateway.peer()
        try await self.peer.start("bystander")
    }

    /// Uploads some more, and reads it back.
    mutating func goOn() async throws {
        let end = min(self.sent + 1_500, self.bytes.count)
        self.peer.upload(Array(self.bytes[self.sent..<end]), frameLength: 700)
        let answer = try await self.peer.read("bystander", Int64(self.sent), 1 << 20)
        try #require(answer.isEqual(to: self.bytes, self.sent..<end))
        self.sent = end
    }

    /// Ends the upload, and sees that all is as it should be.
    func finish() async throws {
        try await self.peer.stop("bystander")
        let answer = try await self.peer.read("bystander", 0, 1 << 20)
        try #require(answer.isEqual(to: self.bytes, 0..<self.sent))
    }
}
