import CacheProtocol
import Wire

@testable import GatewayServer

/// What can happen to an upload.
enum UploadEvent: CaseIterable {
    case start, startRefused
    case opened, openingFailed
    case bytes, bytesAndPause, bytesRefused
    case ready, readinessFailed
    case dry
    case end, endByName, endByOtherName
    case ended
    case connectionClosed
}

/// An upload machine with a writer whose ends are counted, and its answers as words.
struct UploadRig: ~Copyable {
    private var machine = UploadMachine<FakeWriter>()
    let ledger = WriterLedger()

    /// The stream that is open or about to be, with `!` where nothing more may be read; `-` for none.
    var state: String { (self.machine.streamID ?? "-") + (self.machine.isBlocked ? "!" : "") }

    private static func failure(_ code: CacheError.Code) -> CacheError { CacheError(code, "It does not work.") }

    /// Tells the machine what happens.
    ///
    /// - Returns: What it answers, in a few words.
    mutating func tell(_ event: UploadEvent, stream: String = "b") -> String {
        switch event {
        case .start: self.start(stream, refusal: nil)
        case .startRefused: self.start(stream, refusal: .streamExists)
        case .opened: self.opened(.success(WritePosition(offset: 7, epoch: 3)))
        case .openingFailed: self.opened(.failure(Self.failure(.io)))
        case .bytes: self.bytes { .ready }
        case .bytesAndPause: self.bytes { .pause(Later { () async throws(CacheError) in }) }
        case .bytesRefused: self.bytes { () throws(CacheError) in throw Self.failure(.storageFull) }
        case .ready: Self.word(self.machine.becameReady(.success(())))
        case .readinessFailed: Self.word(self.machine.becameReady(.failure(Self.failure(.io))))
        case .dry: self.dry()
        case .end: self.end(nil)
        case .endByName: self.end("a")
        case .endByOtherName: self.end("other")
        case .ended: self.ended()
        case .connectionClosed: self.machine.connectionClosed().map { "suspends \($0)" } ?? "nothing"
        }
    }

    private mutating func start(_ stream: String, refusal: CacheError.Code?) -> String {
        let ledger = self.ledger
        let action = self.machine.startReceived(
            .init(streamID: stream, usesExtension: false),
            makeWriter: { () throws(CacheError) in
                if let refusal { throw Self.failure(refusal) }
                return FakeWriter(ledger)
            },
            open: { _ in .now(WritePosition(offset: 0, epoch: 1)) }
        )
        switch action {
        case .open: return "open"
        case .reject(let rejection): return "reject \(rejection.code)"
        }
    }

    private mutating func opened(_ result: Result<WritePosition, CacheError>) -> String {
        switch self.machine.opened(result) {
        case .started(let upload, let position): "started \(upload.streamID) at \(position.offset)"
        case .reject(let rejection): "reject \(rejection.code)"
        case .none: "nothing"
        }
    }

    private mutating func bytes(_ result: () throws(CacheError) -> AppendResult) -> String {
        Self.word(
            self.machine.bytesReceived { (writer) throws(CacheError) in
                let answer = try result()
                writer.append()
                return answer
            }
        )
    }

    private static func word(_ action: UploadMachine<FakeWriter>.BytesAction) -> String {
        switch action {
        case .proceed: "proceed"
        case .pause: "pause"
        case .reject(let rejection): "reject \(rejection.code)"
        }
    }

    private mutating func dry() -> String {
        self.machine.ranDry { $0.flush() }
        return "nothing"
    }

    private mutating func end(_ stream: String?) -> String {
        switch self.machine.endReceived(streamID: stream) {
        case .end(let writer, let upload):
            writer.end()
            return "end \(upload.streamID)"
        case .reject(let rejection): return "reject \(rejection.code)"
        }
    }

    private mutating func ended() -> String {
        self.machine.ended()
        return "nothing"
    }
}
