import CacheProtocol

/// What a stream is expected to be: a model of the contract, as plain as it can be.
struct StreamModel {
    var state: StreamState
    /// Which sample's bytes it has.
    var seed: UInt64
    /// How many were appended.
    var count = 0
    /// How many were flushed: at least so many can be read.
    var flushed = 0
    var epoch: Int64
    var metadata: [String: String] = [:]

    /// What opening a writer should come to.
    enum Opening: Equatable {
        case starts
        case goesOn
        case fails(CacheError.Code)
    }

    /// What opening a writer should come to, given the stream that is there.
    static func opening(_ mode: WriteOptions.Mode, _ stream: StreamModel?) -> Opening {
        switch (stream?.state, mode) {
        case (nil, _), (.removed, _): .starts
        case (.live, .resume), (.suspended, .resume): .goesOn
        case (.live, _): .fails(.streamBusy)
        case (.suspended, .overwrite), (.sealed, .overwrite): .starts
        case (.suspended, .create), (.sealed, _): .fails(.streamExists)
        }
    }
}

/// A writer that may be kept in a dictionary; used by one task.
final class HeldWriter {
    private var writer: StreamWriter?

    init(_ writer: consuming StreamWriter) { self.writer = consume writer }

    /// Takes the writer out, to use it or to let go of it.
    func take() -> StreamWriter? { self.writer.take() }

    func putBack(_ writer: consuming StreamWriter) { self.writer = consume writer }
}
