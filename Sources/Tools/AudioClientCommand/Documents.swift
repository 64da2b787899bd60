import AudioClient
import Wire

/// What `--json` writes of a failure.
struct FailureDocument: Encodable {
    struct Failure: Encodable {
        var code: Int32
        var message: String
        var remedy: String
    }

    var error: Failure
}

/// What `--json` writes of a speed.
struct ThroughputDocument: Encodable {
    var bytes: Int64
    var seconds: Double
    var megabitsPerSecond: Double
    var target: Double?
    var meetsTarget: Bool?

    init(_ throughput: Throughput, target: Double? = nil) {
        self.bytes = throughput.bytes
        self.seconds = throughput.seconds
        self.megabitsPerSecond = throughput.megabitsPerSecond
        self.target = target
        self.meetsTarget = target.map { throughput.megabitsPerSecond > $0 }
    }
}

/// What `--json` writes of a comparison.
struct VerificationDocument: Encodable {
    struct Digests: Encodable {
        var size: Int64
        var md5: String
        var sha256: String

        init(_ digests: StreamDigests) {
            self.size = digests.size
            self.md5 = digests.md5
            self.sha256 = digests.sha256
        }
    }

    var isEqual: Bool
    var expected: Digests
    var found: Digests

    init(_ result: Verification.Result) {
        self.isEqual = result.isEqual
        self.expected = Digests(result.expected)
        self.found = Digests(result.found)
    }

    /// The comparison for people.
    static func lines(_ result: Verification.Result) -> [String] {
        let (expected, found) = (result.expected, result.found)
        func line(_ name: String, _ expected: String, _ found: String) -> [String] {
            expected == found
                ? ["\(name)\(expected)  same"] : ["\(name)\(expected)  DIFFERENT", "          \(found)"]
        }
        return line("size      ", "\(expected.size)", "\(found.size)") + line("MD5       ", expected.md5, found.md5)
            + line("SHA-256   ", expected.sha256, found.sha256)
    }
}

/// What `--json` writes of an upload.
struct UploadDocument: Encodable {
    var server: String
    var streamId: String
    var size: Int64
    var chunkSize: Int
    var sha256: String?
    var resumptions: Int
    var upload: ThroughputDocument

    init(_ summary: UploadSummary, server: ServerURL) {
        self.server = server.text
        self.streamId = summary.streamID
        self.size = summary.size
        self.chunkSize = summary.chunkSize
        self.sha256 = summary.sha256
        self.resumptions = summary.resumptions
        self.upload = ThroughputDocument(
            Throughput(bytes: summary.size, duration: summary.duration),
            target: TransferMeter.uploadTarget
        )
    }
}

/// What `--json` writes of a download.
struct DownloadDocument: Encodable {
    var server: String
    var streamId: String
    var output: String
    var size: Int64
    var state: String?
    var sha256: String?
    var resumptions: Int
    var download: ThroughputDocument

    init(_ summary: DownloadSummary, output: String, server: ServerURL) {
        self.server = server.text
        self.streamId = summary.streamID
        self.output = output
        self.size = summary.size
        self.state = summary.state
        self.sha256 = summary.sha256
        self.resumptions = summary.resumptions
        self.download = ThroughputDocument(
            Throughput(bytes: summary.size - summary.offset, duration: summary.duration),
            target: TransferMeter.downloadTarget
        )
    }
}

/// What `--json` writes of a stream that was followed.
struct TailDocument: Encodable {
    var server: String
    var streamId: String
    var output: String
    var offset: Int64
    var size: Int64
    var written: Int64
    var sha256: String?
    var isVerified: Bool
    var resumptions: Int
    var seconds: Double

    init(_ summary: TailSummary, output: String, server: ServerURL) {
        self.server = server.text
        self.streamId = summary.streamID
        self.output = output
        self.offset = summary.offset
        self.size = summary.size
        self.written = summary.written
        self.sha256 = summary.sha256
        self.isVerified = summary.isVerified
        self.resumptions = summary.resumptions
        self.seconds = Throughput(bytes: 0, duration: summary.duration).seconds
    }
}

/// What `--json` writes of a stream: the members of the wire.
struct StreamDocument: Encodable {
    var streamId: String
    var state: String
    var size: Int64
    var contentType: String?
    var sha256: String?
    var createdAt: Int64?
    var sealedAt: Int64?
    var lastReadAt: Int64?
    var expiresAt: Int64?
    var ttlSeconds: Int64?
    var metadata: [String: String]?
    var durability: String?
    var readers: Int64?
    var copies: [String]?

    init(_ stream: StreamDescription) {
        self.streamId = stream.streamID
        self.state = stream.state
        self.size = stream.size
        self.contentType = stream.contentType
        self.sha256 = stream.sha256
        self.createdAt = stream.createdAt
        self.sealedAt = stream.sealedAt
        self.lastReadAt = stream.lastReadAt
        self.expiresAt = stream.expiresAt
        self.ttlSeconds = stream.timeToLiveSeconds
        self.metadata = stream.metadata
        self.durability = stream.durability
        self.readers = stream.readers
        self.copies = stream.copies
    }
}

/// What `--json` writes of what was removed.
struct DeleteDocument: Encodable {
    var deleted: [String]
}

/// What `--json` writes of a round trip.
struct RoundTripDocument: Encodable {
    var server: String
    var isEmbedded: Bool
    var streamId: String
    var chunkSize: Int
    var upload: ThroughputDocument
    var download: ThroughputDocument
    var average: ThroughputDocument
    var verification: VerificationDocument

    init(_ report: RoundTrip.Report, server: ServerURL, isEmbedded: Bool) {
        self.server = server.text
        self.isEmbedded = isEmbedded
        self.streamId = report.upload.streamID
        self.chunkSize = report.upload.chunkSize
        self.upload = ThroughputDocument(report.meter.upload, target: TransferMeter.uploadTarget)
        self.download = ThroughputDocument(report.meter.download, target: TransferMeter.downloadTarget)
        self.average = ThroughputDocument(report.meter.average)
        self.verification = VerificationDocument(report.verification)
    }

    /// The report for people.
    static func lines(_ report: RoundTrip.Report) -> [String] {
        func line(_ name: String, _ throughput: Throughput, target: Double?) -> String {
            let speed = ProgressBar.decimal(throughput.megabitsPerSecond)
            let verdict = target.map { target in
                let word = throughput.megabitsPerSecond > target ? "met" : "MISSED"
                return "  (target: more than \(Int(target)), \(word))"
            }
            return "\(name)\(speed) Mbps\(verdict ?? "")"
        }
        let meter = report.meter
        return ["stream    \(report.upload.streamID)"] + VerificationDocument.lines(report.verification) + [
            line("upload    ", meter.upload, target: TransferMeter.uploadTarget),
            line("download  ", meter.download, target: TransferMeter.downloadTarget),
            line("average   ", meter.average, target: nil),
        ]
    }
}
