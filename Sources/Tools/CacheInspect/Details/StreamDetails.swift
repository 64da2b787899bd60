import CacheProtocol
import SQLiteBackend

/// Everything that can be said about one stream without reading all of it.
public struct StreamDetails: Sendable {
    let stream: IndexedStream
    /// The length of the file, or why it can't be looked at.
    let file: Result<Int64, InspectError>
    let audio: AudioHeader?
    let path: String
    let now: Timestamp
    /// Where its copies are, for a gateway with tiers.
    var copies: StreamCopies?

    /// One JSON document with a final newline.
    ///
    /// - Throws: What the encoder throws.
    public func json() throws -> String { try JSONText.document(Document(self)) + "\n" }

    /// A line for each fact.
    public var lines: [String] {
        let stream = self.stream
        var facts: [(String, String)] = [
            ("stream", stream.id.rawValue),
            ("state", stream.state.rawValue),
            ("size", self.size),
            ("file", self.fileLine),
            ("type", stream.contentType ?? "not declared"),
            ("SHA-256", stream.sha256?.description ?? (stream.state == .sealed ? "none" : "none yet")),
            ("created", self.moment(stream.createdAt)),
        ]
        func add(_ name: String, _ moment: Timestamp?) {
            if let moment { facts.append((name, self.moment(moment))) }
        }
        add("sealed", stream.sealedAt)
        facts.append(("last read", stream.lastReadAt.map(self.moment) ?? "not known"))
        facts.append(("ttl", stream.timeToLiveSeconds.map { TimeSpan(seconds: $0).description } ?? "none of its own"))
        add("expires", stream.expiresAt)
        facts.append(("durability", stream.durability?.rawValue ?? "not known"))
        facts.append(("verified", self.verified))
        for (name, value) in stream.metadata.sorted(by: { $0.key < $1.key }) { facts.append(("label \(name)", value)) }
        facts += self.copies?.facts ?? []
        // What no file is there of can't be looked into.
        if !self.path.isEmpty { facts.append(("audio", self.audio?.sentence ?? "not WAV, MP3, Ogg or FLAC")) }
        let width = facts.map { TerminalText.width(TerminalText.safe($0.0)) }.max() ?? 0
        return facts.map { name, value in
            let name = TerminalText.safe(name)
            let padding = String(repeating: " ", count: width - TerminalText.width(name) + 2)
            return name + padding + TerminalText.safe(value)
        }
    }

    private var size: String {
        let bytes = self.stream.size
        return bytes < 1_024 ? "\(bytes) bytes" : "\(bytes) bytes (\(ByteAmount.text(bytes)))"
    }

    private var fileLine: String {
        switch self.file {
        case .success(let size) where size == self.stream.size: self.path
        case .success(let size): "\(self.path) (\(size) bytes)"
        case .failure(let error): "\(error)"
        }
    }

    private var verified: String {
        guard let moment = self.stream.lastVerifiedAt else { return "never" }
        return self.moment(moment) + (self.stream.verification.map { ": \($0.rawValue)" } ?? "")
    }

    private func moment(_ moment: Timestamp) -> String {
        let span = TimeSpan(from: min(moment, self.now), to: max(moment, self.now)).short
        return moment.text(precise: true) + (moment > self.now ? " (in \(span))" : " (\(span) ago)")
    }

    /// What `--json` writes.
    private struct Document: Encodable {
        struct Audio: Encodable {
            var container: String
            var codec: String
            var channels: Int?
            var sampleRate: Int?
            var bitsPerSample: Int?
            var durationSeconds: Double?
            var isDurationEstimated: Bool
        }

        var stream: StreamDocument
        var path: String
        var fileSize: Int64?
        var fileError: String?
        var audio: Audio?
        var copies: StreamCopies.Document?

        init(_ details: StreamDetails) {
            self.stream = StreamDocument(details.stream)
            self.path = details.path
            self.copies = details.copies.map(StreamCopies.Document.init)
            switch details.file {
            case .success(let size): self.fileSize = size
            case .failure(let error): self.fileError = "\(error)"
            }
            self.audio = details.audio.map {
                Audio(
                    container: $0.container.rawValue,
                    codec: $0.codec,
                    channels: $0.channels,
                    sampleRate: $0.sampleRate,
                    bitsPerSample: $0.bitsPerSample,
                    durationSeconds: $0.duration,
                    isDurationEstimated: $0.isDurationEstimated
                )
            }
        }
    }
}
