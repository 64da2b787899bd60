import CacheProtocol
import FileBackendSupport
import FileStorage
import NIOCore
import TestSupport
import Testing

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif
#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

@Suite("What somebody else did to the directory")
struct StrangeFilesTests {
    enum Thing: String, CaseIterable, Sendable {
        case symbolicLink, pipe, directory, hardLink

        func put(_ name: String, in bench: FileBench) throws {
            let path = bench.file(name)
            let target = bench.directory.file("outside")
            try Data([9, 9, 9]).write(to: URL(filePath: target))
            let result: CInt =
                switch self {
                case .symbolicLink: symlink(target, path)
                case .pipe: mkfifo(path, 0o600)
                case .directory: mkdir(path, 0o700)
                case .hardLink: link(target, path)
                }
            try #require(result == 0)
        }
    }

    @Test(
        "anything but a file of one name is not read, not listed, not written to, and not waited for",
        arguments: Thing.allCases
    )
    func strangeThings(_ thing: Thing) async throws {
        for name in ["a.audio", "a.part"] {
            let bench = try FileBench.mmap()
            let backend = try await bench.make().backend
            try thing.put(name, in: bench)
            let error = try await failure {
                _ = try await backend.makeReader(for: StreamID("a")).opened().value()
            }
            #expect([.io, .streamNotFound].contains(error.code))
            for mode in [WriteOptions.Mode.create, .resume] {
                let error = try await failure { _ = try await backend.start("a", WriteOptions(mode: mode)) }
                #expect([.io, .streamExists].contains(error.code), "\(mode): \(error)")
            }
            #expect(try await backend.names() == [])
            try await backend.write("b", [1])
            #expect(try await backend.names() == ["b"])
            #expect(try Data(contentsOf: URL(filePath: bench.directory.file("outside"))) == Data([9, 9, 9]))
        }
    }

    @Test("a file that is cut while it is read gives an error, and no other stream suffers")
    func cutWhileRead() async throws {
        let bench = try FileBench.mmap()
        let backend = try await bench.make().backend
        let bytes = [UInt8](repeating: 3, count: 500_000)
        try await backend.write("a", bytes)
        try await backend.write("b", bytes)
        let reader = try backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        _ = try await reader.read(at: 0, count: 1_000).value()
        #expect(truncate(bench.file("a.audio"), 100) == 0)
        let error = try await failure { _ = try await reader.read(at: 300_000, count: 1_000).value() }
        #expect(error.code == .io)
        #expect(try await backend.bytes("b") == bytes)
    }

    @Test("a sealed file that is not as long as it was is refused to new readers, and reported at the start")
    func cutWhileClosed() async throws {
        let bench = try FileBench.mmap()
        do {
            let made = try await bench.make()
            try await made.backend.write("a", [1, 2, 3])
        }
        #expect(truncate(bench.file("a.audio"), 0) == 0)
        let made = try await bench.make()
        let error = try await failure { _ = try await made.backend.bytes("a") }
        #expect(error.code == .io)
        #expect(error.message.contains("3 were sealed"))
        try await made.running {}
        #expect(await made.backend.health().gauges["recovered_damaged"] == 1)
        #expect(bench.files == ["a.audio"])
    }

    @Test("a second process is refused the directory, and told who has it")
    func lock() async throws {
        let bench = try FileBench.mmap()
        let made = try await bench.make()
        let error = try await failure {
            _ = try CacheDirectory(path: bench.path, processID: 1)
        }
        #expect(error.code == .limit)
        #expect(error.message.contains("process 4711"))
        #expect(error.message.contains(bench.path))
        try await made.backend.write("a", [1])
    }

    @Test("a directory that can't be made or used is refused with its path")
    func unusable() async throws {
        let directory = try TemporaryDirectory()
        try Data().write(to: URL(filePath: directory.file("file")))
        for path in [directory.file("file"), directory.file("file/below")] {
            let error = try await failure { _ = try CacheDirectory(path: path, processID: 1) }
            #expect(error.code == .io)
            #expect(error.message.contains("file"))
        }
        let deep = directory.file("a b/ü/c")
        _ = try CacheDirectory(path: deep, processID: 1)
        #expect(FileManager.default.fileExists(atPath: deep + "/.lock"))
    }

    @Test("a plain audio file of a fitting name is a stream")
    func foreignFile() async throws {
        let bench = try FileBench.mmap()
        let backend = try await bench.make().backend
        try Data([1, 2, 3]).write(to: URL(filePath: bench.file("song.audio")))
        try Data([1]).write(to: URL(filePath: bench.file("not a stream.audio")))
        let info = try await backend.info(StreamID("song"))
        #expect(info.state == .sealed && info.size == 3 && info.sha256 == nil && info.sealedAt != nil)
        #expect(try await backend.names() == ["song"])
        #expect(try await backend.bytes("song") == [1, 2, 3])
    }

    @Test("an unfinished file that was cut is not filled up with zeros, when it is sealed or left")
    func cutWhileWritten() async throws {
        let bench = try FileBench.mmap()
        let backend = try await bench.make().backend
        let file = bench.file("a.part")
        /// Writes some, and has somebody cut it.
        func written() async throws -> StreamWriter {
            var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions(mode: .overwrite))
            _ = try await writer.opened().value()
            _ = try writer.append(ByteBuffer(repeating: 7, count: 300_000))
            writer.flush()
            let reader = try backend.makeReader(for: StreamID("a"))
            _ = try await reader.opened().value()
            // Bytes that can be read are stored.
            _ = try await reader.grown(past: 299_999)
            _ = try await reader.read(at: 299_999, count: 1).value()
            #expect(truncate(file, 100) == 0)
            return writer
        }
        let error = try await failure { _ = try await written().finish(expecting: nil).value() }
        #expect(error.code == .io)
        #expect(try await self.restingSize(of: file, backend) == 100)
        do { _ = try await written() }
        #expect(try await self.restingSize(of: file, backend) == 100)
    }

    /// How long a file is once nobody writes its stream.
    private func restingSize(of file: String, _ backend: some CacheBackend) async throws -> Int? {
        try await eventually("nobody writes it") { try await backend.info(StreamID("a")).state == .suspended }
        return try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
    }

    @Test("a stream that begins where somebody removed one begins at its beginning, whoever still reads the old one")
    func removedWhileRead() async throws {
        let bench = try FileBench.mmap()
        let backend = try await bench.make().backend
        try await backend.write("a", [UInt8](repeating: 3, count: 100_000))
        let reader = try backend.makeReader(for: StreamID("a"))
        _ = try await reader.opened().value()
        #expect(unlink(bench.file("a.audio")) == 0)
        var writer = try backend.makeWriter(for: StreamID("a"), options: WriteOptions())
        #expect(try await writer.opened().value().offset == 0)
        _ = try writer.append(ByteBuffer(bytes: [1, 2, 3]))
        let info = try await writer.finish(expecting: nil).value()
        #expect(info.size == 3)
        #expect(try await backend.bytes("a") == [1, 2, 3])
        #expect(reader.status.state == .removed)
    }
}
