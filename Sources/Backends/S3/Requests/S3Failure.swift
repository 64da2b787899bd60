import CacheProtocol

/// Why a request was not done: the store's own words where it answered, the network's where it did not.
struct S3Failure: Error, Hashable, Sendable {
    /// The status of the answer; 0 where none came.
    var status: Int
    /// The store's code, such as `NoSuchKey` or `SlowDown`; empty where it gave none.
    var code: String
    /// The store's message, or the network's.
    var message: String
    /// What was asked.
    var request: String
    /// The store's name for the request, which its operator can look for.
    var requestID: String?
    /// How long the store asks to be left alone, in seconds.
    var retryAfterSeconds: Int64?
    /// What the store's clock shows, where it answered.
    var storeTime: Timestamp?
    /// How far that is ahead of the time that the request was signed with, in milliseconds.
    var storeAheadMilliseconds: Int64?
    /// Whether the request was made more than once: an earlier one may have been done, and its answer lost.
    var wasRepeated = false

    /// Whether the object, or the upload, is not there.
    var isMissing: Bool { self.status == 404 && self.code != "NoSuchBucket" }
    /// Whether there is no such bucket. An answer to HEAD has no body and so no code: whoever gets 404 for one looks at the
    /// bucket itself.
    var isMissingBucket: Bool { self.code == "NoSuchBucket" }
    /// Whether a condition did not hold: the object is there already, or another than expected.
    var isPreconditionFailed: Bool { self.status == 412 }
    /// Whether the store does not know conditional writes.
    var isUnsupported: Bool { self.status == 501 }
    /// Whether the two clocks are too far from each other.
    var isClockSkew: Bool { self.code == "RequestTimeTooSkewed" || self.code == "RequestExpired" }
    /// Whether the store has no room.
    var isFull: Bool {
        self.status == 507 || Self.fullCodes.contains(self.code)
    }
    private static let fullCodes: Set = [
        "QuotaExceeded", "InsufficientCapacity", "XMinioStorageFull",
        // A quota of OpenStack Swift. Nothing that is sent is too large in itself: long streams go up in parts.
        "EntityTooLarge",
    ]
    /// Whether the store does not let these credentials in.
    var isRefused: Bool {
        (self.status == 401 || self.status == 403 || Self.refusalCodes.contains(self.code)) && !self.isClockSkew
            && !self.isFull
    }
    /// What AWS says, with status 400, of credentials whose time is over.
    private static let refusalCodes: Set = ["ExpiredToken", "InvalidToken", "TokenRefreshRequired"]
    /// Whether the store could not be reached, or could not work.
    var isOutage: Bool { self.status == 0 || self.status >= 500 && !self.isUnsupported && !self.isFull }

    /// Whether the request may have been done all the same: no answer came that says what became of it, this time or
    /// before.
    var mayBeDone: Bool { self.isOutage || self.wasRepeated }

    /// Whether the same request may be done if it is made again.
    var isTransient: Bool {
        if self.isOutage { return true }
        switch self.status {
        case 408, 429: return true
        default:
            return [
                "RequestTimeout", "SlowDown", "Throttling", "OperationAborted", "ConditionalRequestConflict",
                // The bytes were damaged on their way.
                "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody",
            ].contains(self.code)
        }
    }
}

extension S3Failure {
    /// The failure in the cache's own words: what happened, to which stream, and what to do.
    ///
    /// - Parameters:
    ///   - id: The stream concerned.
    ///   - endpoint: Where the store is.
    func cacheError(for id: StreamID?, at endpoint: S3Endpoint) -> CacheError {
        CacheError(self.cacheCode, "\(self.account(endpoint)) \(self.remedy(endpoint))", streamID: id, cause: self)
    }

    /// The trouble in a word, for health checks.
    var problem: String {
        if self.isFull { return "storage_full" }
        if self.isMissingBucket { return "bucket_missing" }
        return self.isRefused || self.isClockSkew ? "store_refuses" : "store_unreachable"
    }

    private var cacheCode: CacheError.Code {
        if self.isFull { return .storageFull }
        if self.isMissingBucket || self.isRefused { return .configuration }
        return .io
    }

    private func account(_ endpoint: S3Endpoint) -> String {
        let said = [self.code, self.message].filter { !$0.isEmpty }.joined(separator: ": ")
        let request = self.requestID.map { ", request \($0)" } ?? ""
        if self.status == 0 { return "The store at \(endpoint.origin) does not answer \(self.request) (\(said))." }
        return "The store at \(endpoint.origin) answers \(self.request) with \(self.status) (\(said)\(request))."
    }

    private func remedy(_ endpoint: S3Endpoint) -> String {
        if self.isMissingBucket { return "Make the bucket '\(endpoint.bucket)', or name another (bucket)." }
        if self.isClockSkew { return "Set this machine's clock: it and the store's are too far apart." }
        if self.isRefused {
            return
                "Check the access key, its secret, and that it may read, write, list and delete in '\(endpoint.bucket)'."
        }
        if self.isFull { return "Make room in the store, or raise the quota." }
        if self.isTransient { return "It was tried several times; try again once the store works." }
        return "Look into the store's log."
    }
}
