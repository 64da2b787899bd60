/// When to tell the backend that no more bytes of an upload are at hand.
///
/// A microphone's packets go on at once: each is all there is for a while. A fast upload's bytes come in one read after
/// another, each of which looks like the last; a backend that was told so every time would store odd pieces instead of
/// whole blocks. So where a read brings much, it is looked again a little later whether more has come.
///
/// A value that is told bytes and times; see ``ConnectionHandler``.
struct UploadPace {
    /// How many bytes one read brings at least in a fast upload.
    static let fast = 64 << 10
    /// After how many milliseconds it is looked again. The bytes of a fast upload that ends without STOP are with its
    /// readers so much later.
    static let patience: Int64 = 2
    /// How many bytes that time brings at least in a fast upload: with these, a block is full within a few looks.
    static let fastInPatience = 128 << 10

    enum Action {
        case none
        /// Tell the backend.
        case flush
        /// Look again, once ``patience`` is over, with ``timePassed(isBlocked:)``.
        case lookLater
    }

    /// Bytes since the last read cycle ended, and since the last look.
    private var read = 0
    private var sinceLook = 0
    /// Whether there are bytes that the backend was not told to be the last.
    private var hasUntold = false
    private var isLooking = false

    init() {}

    /// So many bytes were handed to the backend.
    mutating func handedOn(_ count: Int) {
        self.read += count
        self.sinceLook += count
        self.hasUntold = true
    }

    /// The backend was told, for another reason.
    mutating func told() { self.hasUntold = false }

    /// The socket has given what it had for now.
    mutating func readCompleted() -> Action {
        defer { self.read = 0 }
        guard self.hasUntold, !self.isLooking else { return .none }
        guard self.read >= Self.fast else {
            self.hasUntold = false
            return .flush
        }
        self.isLooking = true
        self.sinceLook = 0
        return .lookLater
    }

    /// It is time for the look.
    ///
    /// - Parameter isBlocked: Whether the upload itself is what keeps bytes from being taken.
    mutating func timePassed(isBlocked: Bool) -> Action {
        let isFast = self.sinceLook >= Self.fastInPatience
        self.sinceLook = 0
        if isFast || (isBlocked && self.hasUntold) { return .lookLater }
        self.isLooking = false
        guard self.hasUntold else { return .none }
        self.hasUntold = false
        return .flush
    }
}
