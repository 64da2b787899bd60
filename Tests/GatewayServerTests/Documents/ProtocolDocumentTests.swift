import Foundation
import NIOCore
import Testing
import Wire

@testable import GatewayServer

/// `docs/protocol.md` is the reference: what it shows is what happens.
@Suite("The protocol's document", .timeLimit(.minutes(5)))
struct ProtocolDocumentTests {
    @Test("every conversation in it takes place so, to the letter", arguments: try Transcript.ofDocument())
    func replay(_ transcript: Transcript) async throws {
        try await TestGateway.run { gateway in
            let peer = try await gateway.peer()
            for line in transcript.lines {
                switch line {
                case .clientText(let json): peer.say(json)
                case .clientBytes(let bytes): peer.sendFrame(.binary, bytes)
                case .serverText(let json):
                    #expect(Transcript.normalized(try await peer.text()) == Transcript.normalized(json))
                case .serverBytes(let bytes): #expect(try await Array(buffer: peer.bytes()) == bytes)
                }
            }
            try await peer.settle()
        }
    }

    @Test("every message that it shows by itself is one that can be read")
    func messages() throws {
        let samples = try Transcript.blocks("json").flatMap { $0 }
        try #require(!samples.isEmpty)
        for sample in samples {
            let message = try #require(try ServerMessage.decode(json: ByteBuffer(string: sample)))
            #expect(String(buffer: message.json()) == sample)
        }
    }

    @Test("every code on the wire is in its table, and no other")
    func codes() throws {
        let text = try Transcript.document()
        let documented = text.split(separator: "\n").compactMap { line -> String? in
            let cells = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            guard cells.count >= 2, let code = cells.first, code.hasPrefix("`"), code.hasSuffix("`") else { return nil }
            return String(code.dropFirst().dropLast())
        }
        let codes: [ErrorCode] = [
            .badMessage, .unknownType, .badStreamID, .streamNotFound, .streamExists, .streamBusy, .noOpenStream, .range,
            .notYet, .end, .aborted, .digestMismatch, .storageFull, .streamTooLarge, .limit, .unauthorized,
            .unsupported,
            .shuttingDown, .io,
        ]
        for code in codes { #expect(documented.contains(code.rawValue), "\(code) is not documented") }
    }
}

/// One conversation of the document: a block of lines that begin with `>` for the client and `<` for the gateway.
struct Transcript: Sendable, CustomTestStringConvertible {
    enum Line: Sendable {
        case clientText(String)
        case clientBytes([UInt8])
        case serverText(String)
        case serverBytes([UInt8])
    }

    let lines: [Line]
    let testDescription: String

    static func document() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: root.appending(path: "docs/protocol.md"), encoding: .utf8)
    }

    /// The lines of each fenced block of a kind.
    static func blocks(_ kind: String) throws -> [[String]] {
        var blocks: [[String]] = []
        var current: [String]?
        for line in try self.document().split(separator: "\n", omittingEmptySubsequences: false) {
            if line == "```\(kind)" {
                current = []
            } else if line == "```", let block = current {
                blocks.append(block)
                current = nil
            } else {
                current?.append(String(line))
            }
        }
        return blocks
    }

    static func ofDocument() throws -> [Transcript] {
        try self.blocks("wire").map { block in
            Transcript(lines: try block.map(Self.line), testDescription: block.first ?? "an empty block")
        }
    }

    private static func line(_ text: String) throws -> Line {
        let content = String(text.dropFirst(2))
        let bytes = content.hasPrefix("[") && content.hasSuffix("]") ? Array(content.dropFirst().dropLast().utf8) : nil
        switch (text.prefix(2), bytes) {
        case ("> ", .some(let bytes)): return .clientBytes(bytes)
        case ("> ", .none): return .clientText(content)
        case ("< ", .some(let bytes)): return .serverBytes(bytes)
        case ("< ", .none): return .serverText(content)
        default: throw RawPeer.Surprise("a line of the document that is neither > nor <: \(text)")
        }
    }

    /// A message without the values that are examples: sentences, epochs and times.
    static func normalized(_ json: String) -> String {
        var text = json
        for pattern in [#""message":"(\\.|[^"\\])*""#, #""epoch":\d+"#, #""\w+At":\d+"#] {
            text = text.replacingOccurrences(
                of: pattern,
                with: String(pattern.prefix { $0 != ":" }),
                options: .regularExpression
            )
        }
        return text
    }
}
