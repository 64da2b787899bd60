import CacheInspect
import CacheProtocol
import Dispatch
import FileBackendSupport
import Foundation
import SQLiteBackend
import TestSupport
import Testing

@Suite("One stream is shown with all that is known, and exported with proof")
struct ShowAndExportTests {
    @Test("show says what the row says, and what the audio's header says", arguments: ["hello.mp3", "hello.opus"])
    func show(_ name: String) throws {
        let cache = try TestCache()
        let bytes = try SampleFile.bytes(name)
        var row = try TestCache.row("talk", TestCache.Content(bytes: bytes, sha256: TestCache.Content.short.sha256))
        row.metadata = ["title": "A talk\u{1B}]0;x"]
        try cache.addRow(row)
        try cache.addFile("talk.audio", bytes)
        let details = try cache.inspector(.read).details(try StreamID("talk"))
        let text = details.lines.joined(separator: "\n")
        #expect(text.contains("0:13.3"))
        #expect(text.contains("\(bytes.count) bytes"))
        #expect(text.contains("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"))
        #expect(text.contains("label title"))
        #expect(!text.contains("\u{1B}"))
        #expect(text.contains("(1d ago)"))
        let document = try JSONSerialization.jsonObject(with: Data(try details.json().utf8)) as? [String: Any]
        let audio = document?["audio"] as? [String: Any]
        #expect(audio?["durationSeconds"] as? Double == 13.335)
        #expect(document?["fileSize"] as? Int == bytes.count)
    }

    @Test("show says that a file is gone, and goes on")
    func showMissing() throws {
        let cache = try TestCache()
        try cache.addRow(try TestCache.row("gone"))
        let lines = try cache.inspector(.read).details(try StreamID("gone")).lines
        #expect(lines.contains { $0.hasPrefix("file") && $0.contains("gone.audio") && $0.contains("No such file") })
    }

    @Test("a stream that there is not is an error of code 1 that names it")
    func unknown() throws {
        let cache = try TestCache()
        let error = #expect(throws: InspectError.self) {
            try cache.inspector(.read).details(try StreamID("nobody"))
        }
        #expect(error?.code == .wrong)
        #expect(error?.description.contains("nobody") == true)
    }

    @Test("an export has all bytes, replaces the file that was there, and leaves nothing else")
    func export() async throws {
        let cache = try TestCache()
        try cache.add("s", .long)
        let target = try TemporaryDirectory()
        try Data("old".utf8).write(to: URL(filePath: target.file("out.wav")))
        let summary = try await cache.inspector(.read).export(try StreamID("s"), to: target.file("out.wav"))
        #expect(summary.isVerified == true)
        #expect(summary.size == 2_500_000)
        #expect(Array(try Data(contentsOf: URL(filePath: target.file("out.wav")))) == TestCache.Content.long.bytes)
        #expect(target.contents == ["out.wav"])
    }

    @Test("damaged bytes are not exported, unless that is wanted")
    func damaged() async throws {
        let cache = try TestCache()
        try cache.add("s", .long)
        try cache.flipBit(of: "s.audio", at: 2_000_000)
        let target = try TemporaryDirectory()
        let inspector = try cache.inspector(.read)
        let path = target.file("out")
        let error = await #expect(throws: InspectError.self) {
            try await inspector.export(try StreamID("s"), to: path)
        }
        #expect(error?.code == .wrong)
        #expect(target.contents == [])
        let summary = try await inspector.export(try StreamID("s"), to: path, allowsDamage: true)
        #expect(summary.isVerified == false)
        #expect(target.contents == ["out"])
    }

    @Test("an export to where no file can be is refused, and makes no directory")
    func target() async throws {
        let cache = try TestCache()
        try cache.add("s")
        let target = try TemporaryDirectory()
        let inspector = try cache.inspector(.read)
        for (path, code) in [
            (target.path, InspectError.Code.usage), (target.file("no/out"), .cannotCreate), ("", .usage),
        ] {
            let error = await #expect(throws: InspectError.self) {
                try await inspector.export(try StreamID("s"), to: path)
            }
            #expect(error?.code == code)
        }
        #expect(target.contents == [])
    }

    @Test("an export that is interrupted leaves nothing of itself, and the file that was there as it was")
    func interrupted() async throws {
        let cache = try TestCache()
        try cache.add("s", .long)
        let target = try TemporaryDirectory()
        let path = target.file("out")
        try Data("old".utf8).write(to: URL(filePath: path))
        let calls = FaultyFileCalls()
        let (writing, announce) = AsyncStream<Void>.makeStream()
        let cancelled = DispatchSemaphore(value: 0)
        calls.hook { call, _ in
            guard call == .write else { return }
            announce.yield()
            cancelled.wait()
        }
        let inspector = try CacheInspector(try CacheLocation(directory: cache.directory.path), calls: calls)
        let export = Task { try await inspector.export(try StreamID("s"), to: path) }
        for await _ in writing { break }
        export.cancel()
        calls.hook(nil)
        cancelled.signal()
        let error = await #expect(throws: InspectError.self) { try await export.value }
        #expect(error?.code == .interrupted)
        #expect(error?.sentence.contains("1048576 bytes of stream s") == true, "\(String(describing: error))")
        #expect(target.contents == ["out"])
        #expect(try Data(contentsOf: URL(filePath: path)) == Data("old".utf8))
    }

    @Test("an unfinished stream is exported as far as it has got")
    func unfinished() async throws {
        let cache = try TestCache()
        try cache.add("s", state: .suspended)
        let target = try TemporaryDirectory()
        let summary = try await cache.inspector(.read).export(try StreamID("s"), to: target.file("out"))
        #expect(summary.isVerified == nil)
        #expect(summary.size == 3)
    }
}
