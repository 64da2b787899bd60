import Foundation
import TestSupport
import Testing

/// What fuzzing has begun with and found, once more, without a fuzzer.
@Suite("Inputs of the fuzzer")
struct FuzzReplayTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

    /// The inputs of a target, by their names.
    private static func inputs(_ target: FuzzTarget, in folder: String) throws -> [(name: String, bytes: [UInt8])] {
        let directory = self.root.appending(path: "\(folder)/\(target.rawValue)")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return try names.sorted().map { ($0, Array(try Data(contentsOf: directory.appending(path: $0)))) }
    }

    @Test("every kept input, and every beginning of it, has its target's property", arguments: FuzzTarget.allCases)
    func kept(_ target: FuzzTarget) throws {
        let corpus = try Self.inputs(target, in: "Corpus")
        try #require(!corpus.isEmpty, "there is nothing in Fuzz/Corpus/\(target.rawValue)")
        for (name, bytes) in corpus + (try Self.inputs(target, in: "Crashes")) {
            for count in 0...bytes.count {
                do throws(BrokenProperty) {
                    try target.check(Array(bytes[..<count]))
                } catch {
                    Issue.record("\(target.rawValue)/\(name), first \(count) bytes: \(error)")
                    break
                }
            }
        }
    }

    @Test("changed inputs have it, too", arguments: FuzzTarget.allCases)
    func changed(_ target: FuzzTarget) throws {
        let mutation = Mutation(corpus: try Self.inputs(target, in: "Corpus").map(\.bytes))
        try checkProperty(runs: 2_000) { random throws in
            let input = mutation.input(&random)
            do throws(BrokenProperty) {
                try target.check(input)
            } catch {
                throw BrokenProperty(
                    description: "\(error): \(String(decoding: input, as: UTF8.self).debugDescription)"
                )
            }
        }
    }
}
