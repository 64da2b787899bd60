import CacheProtocol
import FileBackendSupport
import FileStorage
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
}
