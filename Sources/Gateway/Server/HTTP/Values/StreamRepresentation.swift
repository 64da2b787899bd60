import CacheProtocol
import HTTPTypes

/// A stream at one moment, and the headers that speak of it whatever part of it is sent.
struct StreamRepresentation {
    let info: StreamInfo
    let status: StreamStatus
    let type: AudioMediaType
    let validators: Preconditions.Validators

    /// How long a cache may keep a sealed stream without asking again, in seconds: its bytes never change, but it may be
    /// removed.
    private static let freshSeconds: Int64 = 86_400

    /// Describes a stream.
    ///
    /// - Parameters:
    ///   - info: The facts.
    ///   - status: Length and state; newer than the facts where the stream grows.
    ///   - firstBytes: The first ``AudioMediaType/sniffLength`` bytes, where no type was declared.
    init(_ info: StreamInfo, _ status: StreamStatus, firstBytes: some Collection<UInt8>) {
        self.info = info
        self.status = status
        self.type = AudioMediaType(declared: info.contentType) ?? AudioMediaType(sniffing: firstBytes)
        self.validators = Preconditions.Validators(
            tag: EntityTag(info),
            modified: info.state == .sealed ? info.sealedAt.map { HTTPDate($0) } : nil
        )
    }

    /// Describes a stream whose bytes are not wanted.
    init(_ info: StreamInfo) {
        self.init(info, StreamStatus(size: info.size, state: info.state), firstBytes: [UInt8]())
    }

    /// The stream's length for `Content-Range`: unknown while it may still grow.
    var completeLength: String { self.status.state == .sealed ? "\(self.status.size)" : "*" }

    /// The headers of 200, 206 and 304.
    ///
    /// - Parameter now: The time.
    func fields(now: Timestamp) -> HTTPFields {
        var fields: HTTPFields = [
            .acceptRanges: "bytes",
            .cacheControl: self.cacheControl(now: now),
            .contentType: self.type.fieldValue,
            .contentDisposition: self.disposition,
            // Without its own origin, a browser's player of an audio in a tab of its own could not load the audio.
            .contentSecurityPolicy: "sandbox allow-same-origin; default-src 'none'; media-src 'self'",
            .xContentTypeOptions: "nosniff",
        ]
        fields[.eTag] = self.validators.tag?.fieldValue
        fields[.lastModified] = self.validators.modified?.fieldValue
        if self.info.state == .sealed, let digest = self.info.sha256 {
            fields[named: DigestField.representation] = DigestField.value(digest)
        }
        return fields
    }

    /// An id needs no quoting: its grammar sees to that.
    private var disposition: String {
        "\(self.type.isAudio ? "inline" : "attachment"); filename=\"\(self.info.id)\(self.type.fileExtension)\""
    }

    private func cacheControl(now: Timestamp) -> String {
        guard self.info.state == .sealed else { return "no-store" }
        var seconds = Self.freshSeconds
        if let end = self.info.expiresAt {
            let left = HTTPDate(end).secondsSinceEpoch - HTTPDate(now).secondsSinceEpoch
            seconds = max(0, min(seconds, left))
        }
        return "max-age=\(seconds), immutable"
    }
}
