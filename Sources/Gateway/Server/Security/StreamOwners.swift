import CacheProtocol
import Synchronization

/// Which principal is writing which stream, and whose the stored ones are.
///
/// A stream's name is no secret, so that going on with an upload by its name alone would be taking it. Whose a stream is
/// stands among its labels, where it outlives the gateway; while one is written it stands here too, so that between
/// looking and opening nobody else can bring another stream of this name about.
final class StreamOwners: Sendable {
    /// The label that names a stream's owner; clients can neither set nor see it.
    static let label = "audiocache.owner"

    private struct Claim {
        var owner: String
        var count: Int
    }

    private let claims = Mutex<[StreamID: Claim]>([:])

    /// Takes a stream's name for an upload that begins, until ``release(_:)``.
    ///
    /// - Parameters:
    ///   - streamID: The stream.
    ///   - principal: Who uploads.
    /// - Returns: `false` where another principal is uploading it, and this one may not take that over.
    func claim(_ streamID: StreamID, by principal: Principal) -> Bool {
        self.claims.withLock { claims in
            guard let claim = claims[streamID] else {
                claims[streamID] = Claim(owner: principal.name, count: 1)
                return true
            }
            guard claim.owner == principal.name || principal.rights.contains(.takeover) else { return false }
            claims[streamID] = Claim(owner: principal.name, count: claim.count + 1)
            return true
        }
    }

    /// The upload is over.
    func release(_ streamID: StreamID) {
        self.claims.withLock { claims in
            guard var claim = claims[streamID] else { return }
            claim.count -= 1
            claims[streamID] = claim.count > 0 ? claim : nil
        }
    }

    /// Whether a principal may go on with a stored stream.
    static func mayResume(_ info: StreamInfo, _ principal: Principal) -> Bool {
        principal.rights.contains(.takeover) || info.metadata[Self.label] == principal.name
    }
}
