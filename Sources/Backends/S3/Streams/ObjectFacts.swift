import CacheProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A stream's facts as an object's metadata: with them the store alone tells everything that is known of a stream.
///
/// | `x-amz-meta-` | |
/// |---|---|
/// | `state` | `sealed`, or `suspended` for what a writer left unfinished |
/// | `size`, `sha256` | of a sealed stream: bytes, and 64 hexadecimal digits |
/// | `created`, `sealed`, `expires` | milliseconds since 1970; the last is for whoever looks, and follows from `ttl` |
/// | `ttl` | seconds that the stream is kept after its sealing |
/// | `writing` | tells one writing of a name from another |
/// | `labels`, `labels-1`, … | the writer's labels and the content type: JSON in base64url, in pieces |
/// | `labels-key` | the object that has them, where they are too long |
///
/// An object without them, which something else put there, is a sealed stream all the same.
struct ObjectFacts: Hashable, Sendable {
    /// The most bytes of labels that go into metadata: stores take 2 KiB of that in all.
    static let inlineLimit = 1_200
    /// The longest single value that every store takes.
    static let pieceLength = 240

    var info: StreamInfo
    /// Tells one writing of a name from another.
    var writing: String

    private static let prefix = "x-amz-meta-"

    /// Content type and labels, as they are stored.
    private struct Labels: Codable {
        var contentType: String?
        var metadata: [String: String]
    }

    /// The labels as JSON; the content type with them.
    var labels: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let labels = Labels(contentType: self.info.contentType, metadata: self.info.metadata)
        return (try? encoder.encode(labels)).map(Array.init) ?? []
    }

    /// Whether the labels need an object of their own.
    var hasLongLabels: Bool { (self.labels.count + 2) / 3 * 4 > Self.inlineLimit }

    /// The headers that give an object these facts.
    ///
    /// - Parameter labelsKey: The object that has the labels, where they are too long.
    func headers(labelsKey: String) -> [(name: String, value: String)] {
        var headers: [(name: String, value: String)] = [
            ("content-type", Self.mediaType(self.info.contentType)),
            ("\(Self.prefix)state", self.info.state == .sealed ? "sealed" : "suspended"),
            ("\(Self.prefix)created", "\(self.info.createdAt.millisecondsSinceEpoch)"),
            ("\(Self.prefix)writing", self.writing),
        ]
        func add(_ name: String, _ value: (some CustomStringConvertible)?) {
            if let value { headers.append((Self.prefix + name, "\(value)")) }
        }
        if self.info.state == .sealed {
            add("size", self.info.size)
            add("sha256", self.info.sha256)
            add("sealed", self.info.sealedAt?.millisecondsSinceEpoch)
            add("expires", self.info.expiresAt?.millisecondsSinceEpoch)
        }
        add("ttl", self.info.timeToLiveSeconds)
        if self.hasLongLabels {
            add("labels-key", labelsKey)
        } else {
            let text = Base64URL.encode(self.labels)
            for (index, start) in stride(from: 0, to: text.utf8.count, by: Self.pieceLength).enumerated() {
                add(index == 0 ? "labels" : "labels-\(index)", String(text.dropFirst(start).prefix(Self.pieceLength)))
            }
        }
        return headers
    }

    /// The content type for other readers of the store; what was declared is among the labels.
    private static func mediaType(_ declared: String?) -> String {
        guard let declared, !declared.isEmpty, declared.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
            return "application/octet-stream"
        }
        return declared
    }

    /// Reads the facts from an object's headers.
    ///
    /// - Parameters:
    ///   - answer: The answer to HEAD.
    ///   - id: The stream's name.
    init(_ answer: S3Answer, id: StreamID) {
        func value(_ name: String) -> String? { answer.header(Self.prefix + name) }
        func time(_ name: String) -> Timestamp? {
            value(name).flatMap { Int64($0) }.map(Timestamp.init(millisecondsSinceEpoch:))
        }
        let modified = answer.header("last-modified").flatMap(CivilTime.init(httpDate:))?.timestamp
        let state: StreamState = value("state") == "suspended" ? .suspended : .sealed
        let size = answer.header("content-length").flatMap { Int64($0) } ?? 0
        let created = time("created") ?? modified ?? Timestamp(millisecondsSinceEpoch: 0)
        self.info = StreamInfo(id: id, state: state, size: size, createdAt: created)
        self.writing = value("writing") ?? ""
        self.info.timeToLiveSeconds = value("ttl").flatMap { Int64($0) }
        self.info.contentType = answer.header("content-type")
        if state == .sealed {
            self.info.sha256 = value("sha256").flatMap(SHA256Value.init(hexadecimal:))
            self.info.sealedAt = time("sealed") ?? modified ?? created
            self.info.durability = .tier
        }
        var text = value("labels") ?? ""
        var index = 1
        while let piece = value("labels-\(index)") {
            text += piece
            index += 1
        }
        if let bytes = Base64URL.decode(text) { self.takeLabels(bytes) }
    }

    /// Makes facts of a stream that is being written.
    init(_ info: StreamInfo, writing: String) {
        self.info = info
        self.writing = writing
    }

    /// Fills in what the stored labels say.
    mutating func takeLabels(_ bytes: [UInt8]) {
        guard let labels = try? JSONDecoder().decode(Labels.self, from: Data(bytes)) else { return }
        self.info.contentType = labels.contentType
        self.info.metadata = labels.metadata
    }

    /// The object that has the labels, where they are not among the headers.
    static func labelsKey(_ answer: S3Answer) -> String? { answer.header("\(Self.prefix)labels-key") }

    /// The length that the stream had when it was sealed, where the headers tell.
    static func sealedSize(_ answer: S3Answer) -> Int64? { answer.header("\(Self.prefix)size").flatMap { Int64($0) } }
}

/// Base64 with the alphabet for URLs and without padding (RFC 4648, 5), which is safe in a header.
enum Base64URL {
    static func encode(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString()
            .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    static func decode(_ text: String) -> [UInt8]? {
        guard !text.isEmpty else { return nil }
        let standard = text.replacing("-", with: "+").replacing("_", with: "/")
        let padding = String(repeating: "=", count: (4 - standard.utf8.count % 4) % 4)
        return Data(base64Encoded: standard + padding).map(Array.init)
    }
}
