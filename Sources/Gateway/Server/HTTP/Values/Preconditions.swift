import HTTPTypes

/// The conditions of a request (RFC 9110, 13), and what they come to.
struct Preconditions: Hashable {
    /// What a stream is compared by: both `nil` where it may still change, so that nothing is known to be the same.
    struct Validators: Hashable {
        var tag: EntityTag?
        var modified: HTTPDate?
    }

    enum Verdict: Hashable {
        case proceed
        /// The client has the stream as it is: 304.
        case notModified
        /// The stream is not as the client believes: 412.
        case failed
    }

    var ifMatch: EntityTag.List?
    var ifNoneMatch: EntityTag.List?
    var ifModifiedSince: HTTPDate?
    var ifUnmodifiedSince: HTTPDate?
    /// Whether `Range` holds only for a certain state of the stream.
    var ifRange: IfRange?

    enum IfRange: Hashable {
        case tag(EntityTag)
        case date(HTTPDate)
        /// Neither: never true.
        case malformed
    }

    /// Reads the conditions of a request.
    init(_ fields: HTTPFields) {
        self.ifMatch = fields[.ifMatch].map { EntityTag.List($0) }
        self.ifNoneMatch = fields[.ifNoneMatch].map { EntityTag.List($0) }
        self.ifModifiedSince = fields[.ifModifiedSince].flatMap { HTTPDate($0) }
        self.ifUnmodifiedSince = fields[.ifUnmodifiedSince].flatMap { HTTPDate($0) }
        self.ifRange = fields[.ifRange].map { value -> IfRange in
            if let tag = EntityTag(value) { return .tag(tag) }
            if let date = HTTPDate(value) { return .date(date) }
            return .malformed
        }
    }

    /// Whether there is a condition for anything but `Range`.
    var isConditional: Bool {
        self.ifMatch != nil || self.ifNoneMatch != nil || self.ifModifiedSince != nil || self.ifUnmodifiedSince != nil
    }

    /// Decides in the order of RFC 9110, 13.2.2.
    ///
    /// - Parameters:
    ///   - validators: The stream's; `nil` where there is no such stream.
    ///   - isRead: Whether the request is GET or HEAD.
    func verdict(on validators: Validators?, isRead: Bool) -> Verdict {
        if let list = self.ifMatch {
            guard Self.matches(list, validators, { $0.stronglyMatches($1) }) else { return .failed }
        } else if let date = self.ifUnmodifiedSince, let modified = validators?.modified, modified > date {
            return .failed
        }
        if let list = self.ifNoneMatch {
            if Self.matches(list, validators, { $0.weaklyMatches($1) }) { return isRead ? .notModified : .failed }
        } else if isRead, let date = self.ifModifiedSince, let modified = validators?.modified, modified <= date {
            return .notModified
        }
        return .proceed
    }

    private static func matches(
        _ list: EntityTag.List,
        _ validators: Validators?,
        _ isSame: (EntityTag, EntityTag) -> Bool
    ) -> Bool {
        guard let validators else { return false }
        switch list {
        case .any: return true
        case .tags(let tags):
            guard let tag = validators.tag else { return false }
            return tags.contains { isSame($0, tag) }
        }
    }

    /// Whether `Range` is to be looked at.
    ///
    /// - Parameters:
    ///   - validators: The stream's.
    ///   - now: The time. Within the second of the change a date tells two states not apart (RFC 9110, 8.8.2.2).
    func admitsRange(of validators: Validators, now: HTTPDate) -> Bool {
        switch self.ifRange {
        case nil: true
        case .malformed: false
        case .tag(let tag): validators.tag.map { $0.stronglyMatches(tag) } ?? false
        case .date(let date): validators.modified.map { $0 == date && $0 < now } ?? false
        }
    }
}
