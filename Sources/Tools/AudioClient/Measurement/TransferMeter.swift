/// Bytes, and the time that they took.
public struct Throughput: Hashable, Sendable {
    /// How many bytes.
    public var bytes: Int64
    /// How long they took.
    public var duration: Duration

    /// Makes a measurement.
    ///
    /// - Parameters:
    ///   - bytes: How many bytes.
    ///   - duration: How long they took.
    public init(bytes: Int64, duration: Duration) {
        self.bytes = bytes
        self.duration = duration
    }

    /// Seconds.
    public var seconds: Double {
        Double(self.duration.components.seconds) + Double(self.duration.components.attoseconds) * 1e-18
    }

    /// Megabits (10^6) a second; 0 where no time has passed.
    public var megabitsPerSecond: Double { self.seconds > 0 ? Double(self.bytes) * 8 / 1e6 / self.seconds : 0 }
}

/// How fast both ways were. The performance monitor of the original system, with its targets.
public struct TransferMeter: Hashable, Sendable {
    /// What an upload should exceed, in megabits a second.
    public static let uploadTarget = 100.0
    /// What a download should exceed, in megabits a second.
    public static let downloadTarget = 200.0

    /// All that was sent.
    public private(set) var upload = Throughput(bytes: 0, duration: .zero)
    /// All that was received.
    public private(set) var download = Throughput(bytes: 0, duration: .zero)

    /// A meter that has seen nothing.
    public init() {}

    /// Adds an upload.
    ///
    /// - Parameters:
    ///   - bytes: How many bytes.
    ///   - duration: How long they took.
    public mutating func recordUpload(bytes: Int64, duration: Duration) {
        self.upload.bytes += bytes
        self.upload.duration += duration
    }

    /// Adds a download.
    ///
    /// - Parameters:
    ///   - bytes: How many bytes.
    ///   - duration: How long they took.
    public mutating func recordDownload(bytes: Int64, duration: Duration) {
        self.download.bytes += bytes
        self.download.duration += duration
    }

    /// All bytes, both ways, over all the time that they took.
    public var average: Throughput {
        Throughput(
            bytes: self.upload.bytes + self.download.bytes,
            duration: self.upload.duration + self.download.duration
        )
    }

    /// Whether uploads exceed their target.
    public var meetsUploadTarget: Bool { self.upload.megabitsPerSecond > Self.uploadTarget }
    /// Whether downloads exceed their target.
    public var meetsDownloadTarget: Bool { self.download.megabitsPerSecond > Self.downloadTarget }
}
