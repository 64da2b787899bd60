import CacheProtocol

/// How much a file system keeps beside a file in extended attributes (xattr(7)): 64 KiB at the most, and in ext4 what is
/// left of a block of 4 KiB. It tells nobody, so it is tried once.
struct AttributeRoom: Sendable {
    /// What else comes to be kept beside a stream than is known at its start: times, length, digest, durability, how far it
    /// was flushed, when it was read, and why it is damaged.
    private static let reserve = 800
    /// What any file system has room for that has attributes at all.
    private static let least = 1_024
    private static let most = 64 << 10
    /// How exactly it is found out.
    private static let step = 64

    /// How long an attribute may be, in bytes; `nil` where that could not be learnt.
    private let measured: Int?

    /// Tries how long an attribute may be.
    ///
    /// - Parameters:
    ///   - file: A file that is no stream's.
    ///   - calls: The file calls.
    init(of file: OpenFile, _ calls: any FileCalls) {
        let name = "user.audiocache.room"
        func takes(_ count: Int) -> Bool {
            (try? calls.setAttribute(name, to: [UInt8](repeating: 0x20, count: count), of: file)) != nil
        }
        // Without that much it is the disk that is full, or there are no attributes, and nothing can be learnt.
        guard takes(Self.least) else {
            self.measured = nil
            return
        }
        var (fits, fails) = takes(Self.most) ? (Self.most, Self.most) : (Self.least, Self.most)
        while fails - fits > Self.step {
            let middle = (fits + fails) / 2
            if takes(middle) { fits = middle } else { fails = middle }
        }
        _ = takes(0)
        self.measured = fits
    }

    /// Refuses a stream whose labels and type would leave no room for what is to be kept beside them at its end: before
    /// anything is done for it.
    ///
    /// - Throws: ``CacheError`` with code `unsupported`.
    func check(_ options: WriteOptions, for id: StreamID) throws(CacheError) {
        guard let room = self.measured else { return }
        let count = options.metadata.reduce(options.contentType?.utf8.count ?? 0) {
            $0 + $1.key.utf8.count + $1.value.utf8.count
        }
        // In JSON a byte takes up to six.
        guard 6 * count + Self.reserve > min(room, Self.least) else { return }
        let info = StreamInfo(beginning: id, options, at: Timestamp(millisecondsSinceEpoch: .max))
        let needed = StreamRecord(info).bytes.count
        guard needed + Self.reserve > room else { return }
        throw CacheError(
            .unsupported,
            "The labels and the type take \(needed) bytes, and the file system of the cache keeps only "
                + "\(room - Self.reserve) beside a file. Send less, or keep streams on one that takes more, such as XFS.",
            streamID: id
        )
    }
}

extension StreamInfo {
    /// The facts about a stream that a writer begins.
    init(beginning id: StreamID, _ options: WriteOptions, at time: Timestamp) {
        self.init(id: id, state: .live, size: 0, createdAt: time)
        self.contentType = options.contentType
        self.timeToLiveSeconds = options.timeToLiveSeconds
        self.metadata = options.metadata
    }
}
