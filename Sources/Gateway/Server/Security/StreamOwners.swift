import CacheProtocol
import Synchronization
import Wire

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
    static func mayResume(_ info: StreamInfo, _ grant: Grant) -> Bool {
        grant.principal.rights.contains(.takeover) || info.metadata[Self.label] == grant.principal.name
    }
}

/// What an upload holds at the server while it is under way: a place among those that may be, and the stream's name.
struct UploadHold {
    private let service: GatewayService
    private let claimed: StreamID?

    fileprivate init(_ service: GatewayService, _ claimed: StreamID?) {
        self.service = service
        self.claimed = claimed
    }

    /// The upload is over; to be called once.
    func release() {
        self.service.load.streamClosed()
        if let claimed = self.claimed { self.service.owners.release(claimed) }
    }
}

extension GatewayService {
    /// Takes what an upload needs.
    ///
    /// - Parameters:
    ///   - id: The stream; `nil` for a name that is none, which whoever opens it refuses.
    ///   - grant: Who uploads.
    /// - Throws: ``Rejection`` with code `limit` or `unauthorized`.
    func holdUpload(of id: StreamID?, by grant: Grant) throws(Rejection) -> UploadHold {
        let limit = self.configuration.maximumOpenStreams
        guard self.load.streamOpened(limit: limit) else {
            var rejection = Rejection(
                .limit,
                "\(limit) uploads are under way, which is the limit (limits.maxOpenStreams).",
                streamID: id?.rawValue
            )
            rejection.isRetryable = true
            throw rejection
        }
        guard let id, grant.token != nil else { return UploadHold(self, nil) }
        guard self.owners.claim(id, by: grant.principal) else {
            self.load.streamClosed()
            throw .notTheirs(id, grant.principal)
        }
        return UploadHold(self, id)
    }
}

extension Rejection {
    /// The answer to who would go on with a stream that another principal began.
    static func notTheirs(_ id: StreamID, _ principal: Principal) -> Self {
        Self(
            .unauthorized,
            "The stream is another principal's, and the token of \(principal.name) lacks the right: takeover.",
            streamID: id.rawValue
        )
    }
}
