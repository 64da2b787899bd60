import CacheInspect
import CacheProtocol
import FileStorage
import Foundation
import SQLiteBackend
import TestSupport
import Testing

/// A cache in a temporary directory, made by hand: files, and an index beside them.
final class TestCache {
    /// When everything in it happened.
    static let start = Timestamp(millisecondsSinceEpoch: 1_700_000_000_000)
    /// A day later, which is when it is looked at.
    static let now = start.advanced(bySeconds: 86_400)

    let directory: TemporaryDirectory
    /// The index as a gateway opens it; `nil` for a directory without one.
    let index: StreamIndex?

    init(hasIndex: Bool = true) throws {
        self.directory = try TemporaryDirectory()
        self.index =
            hasIndex
            ? try StreamIndex(path: StreamIndex.path(inDirectory: self.directory.path), access: .own(.process)) : nil
    }

    /// Bytes whose digest is known from elsewhere.
    struct Content {
        var bytes: [UInt8]
        var sha256: SHA256Value?

        /// The example of FIPS 180-4.
        static let short = Content(
            bytes: Array("abc".utf8),
            sha256: SHA256Value(hexadecimal: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        )
        /// Longer than two blocks of what is read at a time.
        static let long = Content(
            bytes: (0..<2_500_000).map { UInt8(($0 * 31 + 7) % 251) },
            sha256: SHA256Value(hexadecimal: "910b21fbdf3343e088e1ac6c2aa9aaffad0e893a43ff3b7d282e43f2f4d1e0fa")
        )
        /// None.
        static let empty = Content(
            bytes: [],
            sha256: SHA256Value(hexadecimal: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        )
    }

    /// The row of a stream as a gateway writes it.
    static func row(_ id: String, _ content: Content = .short, state: StreamState = .sealed) throws -> IndexedStream {
        var info = StreamInfo(
            id: try StreamID(id),
            state: state,
            size: Int64(content.bytes.count),
            createdAt: Self.start
        )
        if state == .sealed {
            info.sealedAt = Self.start.advanced(bySeconds: 60)
            info.sha256 = content.sha256
            info.durability = .process
        }
        return IndexedStream(info, file: Self.fileName(id, state), changedAt: Self.start)
    }

    static func fileName(_ id: String, _ state: StreamState) -> String {
        state == .sealed ? "\(id).audio" : "\(id).part"
    }

    /// Adds a stream to the index alone.
    func addRow(_ row: IndexedStream) throws { try #require(self.index).put([row]) }

    /// Adds a file alone.
    func addFile(_ name: String, _ bytes: [UInt8]) throws {
        try Data(bytes).write(to: URL(filePath: self.directory.file(name)))
    }

    /// Adds a whole stream, as a gateway leaves it.
    @discardableResult
    func add(_ id: String, _ content: Content = .short, state: StreamState = .sealed) throws -> IndexedStream {
        let row = try Self.row(id, content, state: state)
        try self.addFile(row.file, content.bytes)
        if self.index != nil { try self.addRow(row) }
        return row
    }

    /// Turns one bit of a file round.
    func flipBit(of name: String, at offset: Int) throws {
        var bytes = try self.bytes(of: name)
        bytes[offset] ^= 0x10
        try self.addFile(name, bytes)
    }

    /// Says when a file was changed last, which is otherwise long after ``now``.
    func setModified(_ time: Timestamp, of name: String) throws {
        let date = Date(timeIntervalSince1970: Double(time.millisecondsSinceEpoch) / 1_000)
        try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: self.directory.file(name))
    }

    func bytes(of name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(filePath: self.directory.file(name))))
    }

    func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: self.directory.file(name)) }

    /// The row that the index has now.
    func row(of id: String) throws -> IndexedStream? { try #require(self.index).stream(try StreamID(id)) }

    /// Writes the facts of a stream to its file, as backends with files do.
    func setRecord(_ json: String, of name: String) throws {
        let calls = POSIXFileCalls()
        let file = try calls.open(name, in: try calls.openDirectory(self.directory.path), .update)
        try calls.setAttribute("user.audiocache", to: Array(json.utf8), of: file)
    }

    func inspector(_ access: CacheInspector.Access = .update) throws -> CacheInspector {
        try CacheInspector(try CacheLocation(directory: self.directory.path), access: access, clock: { Self.now })
    }

    /// Holds the directory as a gateway does, until it is released.
    func hold() throws -> HeldDirectory {
        let calls = POSIXFileCalls()
        let lock = try calls.open(".lock", in: try calls.openDirectory(self.directory.path), .openOrCreate)
        try #require(try calls.lock(lock))
        return HeldDirectory(lock: lock)
    }

    final class HeldDirectory {
        private var lock: OpenFile?

        init(lock: OpenFile) { self.lock = lock }

        func release() { self.lock = nil }
    }

    /// Changes bytes in place: replacing the file would lose the facts that it carries.
    func flipBitKeepingRecord(of name: String) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: self.directory.file(name)))
        try handle.write(contentsOf: Data([0xFF]))
        try handle.close()
    }

    func truncateKeepingRecord(_ name: String) throws {
        let handle = try FileHandle(forUpdating: URL(filePath: self.directory.file(name)))
        try handle.truncate(atOffset: 1)
        try handle.close()
    }
}

/// Events of a run, in their order.
///
/// The verifier tells one event at a time, and tests read them when it is done.
// Guarded by the verifier's own lock.
final class Events: @unchecked Sendable {
    private(set) var findings: [Finding] = []
    private(set) var progress: [VerifyProgress] = []
    private(set) var notices: [String] = []

    func take(_ event: VerifyEvent) {
        switch event {
        case .finding(let finding): self.findings.append(finding)
        case .progress(let progress): self.progress.append(progress)
        case .notice(let text): self.notices.append(text)
        }
    }

    /// The verdict about each stream or file.
    var verdicts: [String: Finding.Verdict] {
        Dictionary(self.findings.map { ($0.id.rawValue, $0.verdict) }, uniquingKeysWith: { _, last in last })
    }
}
