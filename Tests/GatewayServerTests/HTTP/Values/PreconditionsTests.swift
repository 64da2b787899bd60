import CacheProtocol
import HTTPTypes
import Testing

@testable import GatewayServer

@Suite("Conditions of a request")
struct PreconditionsTests {
    private static let validators = Preconditions.Validators(
        tag: EntityTag(Self.tag),
        modified: HTTPDate(Self.date)
    )
    private static let tag = "\"" + String(repeating: "ab", count: 32) + "\""
    private static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    private static let before = "Sun, 06 Nov 1994 08:49:36 GMT"

    private func verdict(_ fields: HTTPFields, isRead: Bool = true, exists: Bool = true) -> Preconditions.Verdict {
        Preconditions(fields).verdict(on: exists ? Self.validators : nil, isRead: isRead)
    }

    @Test("If-None-Match saves a reader the bytes, and keeps a writer from what is there")
    func ifNoneMatch() {
        for value in ["*", Self.tag, "W/" + Self.tag, "\"x\", " + Self.tag, "\"x\"," + Self.tag + ",\"y\""] {
            #expect(self.verdict([.ifNoneMatch: value]) == .notModified, "\(value)")
            #expect(self.verdict([.ifNoneMatch: value], isRead: false) == .failed, "\(value)")
            #expect(self.verdict([.ifNoneMatch: value], isRead: false, exists: false) == .proceed, "\(value)")
        }
        for value in ["\"x\"", "", "ab", "\"unclosed"] {
            #expect(self.verdict([.ifNoneMatch: value]) == .proceed, "\(value)")
        }
    }

    @Test("If-Match wants the very bytes, so a weak tag is not enough")
    func ifMatch() {
        #expect(self.verdict([.ifMatch: Self.tag]) == .proceed)
        #expect(self.verdict([.ifMatch: "*"]) == .proceed)
        #expect(self.verdict([.ifMatch: "*"], exists: false) == .failed)
        #expect(self.verdict([.ifMatch: "W/" + Self.tag]) == .failed)
        #expect(self.verdict([.ifMatch: "\"x\""]) == .failed)
    }

    @Test("dates count where there is no tag, and to the second")
    func dates() {
        #expect(self.verdict([.ifModifiedSince: Self.date]) == .notModified)
        #expect(self.verdict([.ifModifiedSince: Self.before]) == .proceed)
        #expect(self.verdict([.ifModifiedSince: "yesterday"]) == .proceed)
        #expect(self.verdict([.ifModifiedSince: Self.date, .ifNoneMatch: "\"x\""]) == .proceed)
        #expect(self.verdict([.ifModifiedSince: Self.date], isRead: false) == .proceed)
        #expect(self.verdict([.ifUnmodifiedSince: Self.date]) == .proceed)
        #expect(self.verdict([.ifUnmodifiedSince: Self.before]) == .failed)
        #expect(self.verdict([.ifUnmodifiedSince: Self.before, .ifMatch: Self.tag]) == .proceed)
    }

    @Test("If-Range lets a range be only of the very same bytes")
    func ifRange() throws {
        let now = try #require(HTTPDate("Sun, 06 Nov 1994 08:50:00 GMT"))
        let same = try #require(HTTPDate(Self.date))
        for (value, isAdmitted) in [
            (Self.tag, true), ("W/" + Self.tag, false), ("\"x\"", false), (Self.date, true), (Self.before, false),
            ("nonsense", false), ("", false),
        ] {
            let conditions = Preconditions([.ifRange: value])
            #expect(conditions.admitsRange(of: Self.validators, now: now) == isAdmitted, "\(value)")
        }
        #expect(Preconditions([:]).admitsRange(of: Self.validators, now: now))
        // In the second of the change there may have been another stream of this name.
        #expect(!Preconditions([.ifRange: Self.date]).admitsRange(of: Self.validators, now: same))
    }

    @Test("a stream that may still change matches no tag and no date")
    func live() throws {
        let info = StreamInfo(
            id: try StreamID("s"),
            state: .live,
            size: 3,
            createdAt: Timestamp(millisecondsSinceEpoch: 0)
        )
        let validators = StreamRepresentation(info).validators
        #expect(validators == Preconditions.Validators())
        for fields in [[.ifNoneMatch: Self.tag], [.ifModifiedSince: Self.date]] as [HTTPFields] {
            #expect(Preconditions(fields).verdict(on: validators, isRead: true) == .proceed)
        }
        #expect(!Preconditions([.ifRange: Self.tag]).admitsRange(of: validators, now: .init(.now)))
    }

    @Test("without a digest, a tag tells streams of one name apart by time and length")
    func tagWithoutDigest() throws {
        var info = StreamInfo(
            id: try StreamID("s"),
            state: .sealed,
            size: 3,
            createdAt: Timestamp(millisecondsSinceEpoch: 1)
        )
        info.sealedAt = Timestamp(millisecondsSinceEpoch: 2)
        let tag = try #require(EntityTag(info))
        info.createdAt = Timestamp(millisecondsSinceEpoch: 3)
        #expect(EntityTag(info) != tag)
        #expect(EntityTag(tag.fieldValue) == tag)
    }
}
