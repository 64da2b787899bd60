import CacheInspect
import CacheProtocol
import Foundation
import SQLiteBackend
import TestSupport
import Testing

@Suite("A listing shows the streams that were asked for")
struct ListTests {
    private func list(
        _ cache: TestCache,
        as format: ListOptions.Format = .csv,
        _ change: (inout ListOptions) -> Void = { _ in }
    ) throws -> (text: String, totals: ListTotals) {
        var options = ListOptions()
        change(&options)
        var text = ""
        let totals = try cache.inspector(.read).list(options, as: format) { text += $0 }
        return (text, totals)
    }

    private func ids(_ csv: String) -> [String] {
        csv.components(separatedBy: "\r\n").dropFirst().filter { !$0.isEmpty }
            .map { String($0.prefix { $0 != "," }) }
    }

    private func sample(hasIndex: Bool = true) throws -> TestCache {
        let cache = try TestCache(hasIndex: hasIndex)
        try cache.add("b-long", .long)
        try cache.add("a-short")
        try cache.add("b-empty", .empty)
        try cache.add("c-part", state: .suspended)
        return cache
    }

    @Test("by id, by state, by prefix, by size, and turned round, with an index and without", arguments: [true, false])
    func orders(_ hasIndex: Bool) throws {
        let cache = try self.sample(hasIndex: hasIndex)
        #expect(self.ids(try self.list(cache).text) == ["a-short", "b-empty", "b-long", "c-part"])
        #expect(self.ids(try self.list(cache) { $0.state = .suspended }.text) == ["c-part"])
        #expect(self.ids(try self.list(cache) { $0.prefix = "b-" }.text) == ["b-empty", "b-long"])
        #expect(self.ids(try self.list(cache) { $0.prefix = "zz" }.text) == [])
        let bySize = self.ids(try self.list(cache) { $0.sort = .size }.text)
        #expect(bySize.first == "b-long")
        #expect(bySize.last == "b-empty")
        let reversed = self.ids(try self.list(cache) { $0.isReversed = true }.text)
        #expect(reversed == ["c-part", "b-long", "b-empty", "a-short"])
        let smallest = self.ids(
            try self.list(cache) {
                $0.sort = .size
                $0.isReversed = true
                $0.limit = 1
            }.text
        )
        #expect(smallest == ["b-empty"])
    }

    @Test("the totals count what is listed, and what there is", arguments: [true, false])
    func totals(_ hasIndex: Bool) throws {
        let cache = try self.sample(hasIndex: hasIndex)
        let all = try self.list(cache).totals
        #expect(all.streams == 4)
        #expect(all.matchingStreams == 4)
        #expect(all.bytes == 2_500_006)
        #expect(all.isComplete)
        #expect(try self.list(cache) { $0.limit = 4 }.totals.isComplete)
        for sort in [ListOptions.Sort.id, .size] {
            let some = try self.list(cache) {
                $0.limit = 2
                $0.sort = sort
                $0.countsAll = true
            }.totals
            #expect(some.streams == 2)
            #expect(!some.isComplete)
            #expect(some.matchingStreams == 4)
            #expect(some.matchingBytes == 2_500_006)
        }
        let quick = try self.list(cache) { $0.limit = 2 }.totals
        #expect(!quick.isComplete)
        #expect(quick.matchingStreams == (hasIndex ? 4 : nil))
    }

    @Test("a listing of many pages has every stream once, in order", arguments: [true, false])
    func pages(_ hasIndex: Bool) throws {
        let cache = try TestCache(hasIndex: hasIndex)
        let rows = try (0..<2_500).map { try TestCache.row("s\($0)", .empty) }
        for row in rows where !hasIndex { try cache.addFile(row.file, []) }
        try cache.index?.put(rows)
        let expected = rows.map(\.id).sorted().map(\.rawValue)
        #expect(self.ids(try self.list(cache) { $0.limit = 0 }.text) == expected)
        #expect(self.ids(try self.list(cache) { $0.limit = 1_700 }.text) == Array(expected.prefix(1_700)))
    }

    @Test(
        "a table is never wider than the terminal, however narrow that is",
        arguments: [50, 60, 80, 100, 139, 140, 200]
    )
    func widths(_ width: Int) throws {
        let cache = try TestCache()
        for number in 0..<20 {
            var row = try TestCache.row(String(repeating: "x", count: 1 + 6 * number), .short)
            row.contentType = number % 2 == 0 ? "audio/ogg; codecs=opus; rate=48000" : nil
            row.timeToLiveSeconds = number % 3 == 0 ? 86_400 * 400 : nil
            row.expiresAt = TestCache.now.advanced(bySeconds: 1_000_000)
            row.lastReadAt = TestCache.now
            try cache.addRow(row)
        }
        let text = try self.list(cache, as: .table(width: width)).text
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        #expect(lines.allSatisfy { $0.count <= width }, "\(text)")
        #expect(lines.first?.hasPrefix("ID") == true)
        #expect(lines.contains { $0.contains("…") })
        if width >= 80 { #expect(lines.first?.contains("SHA-256") == true) }
    }

    @Test("a table without a terminal cuts nothing off")
    func uncut() throws {
        let cache = try TestCache()
        let id = String(repeating: "long-", count: 25)
        try cache.add(id)
        let text = try self.list(cache, as: .table(width: nil)).text
        #expect(text.contains(id))
        #expect(text.contains("2023-11-14 22:13:20Z"))
        #expect(text.contains("ba7816bf8f01"))
        #expect(text.hasSuffix("\n1 stream, 3\n"))
    }

    @Test("what a client calls its audio can't write into the terminal")
    func escaped() throws {
        let cache = try TestCache()
        var row = try TestCache.row("evil")
        row.contentType = "audio/\u{1B}[2J\u{9B}31m\u{202E}x\ny"
        try cache.addRow(row)
        let text = try self.list(cache, as: .table(width: nil)).text
        #expect(!text.unicodeScalars.contains { [0x1B, 0x9B, 0x202E].contains($0.value) })
        #expect(text.contains("\\u{1B}[2J"))
        #expect(text.split(separator: "\n").count == 3)
    }

    @Test("the JSON is one document, also of no streams", arguments: [0, 1, 3])
    func json(_ count: Int) throws {
        let cache = try TestCache()
        for number in 0..<count {
            var row = try TestCache.row("s\(number)")
            row.metadata = ["title": "\"quoted\" – ünï\n"]
            try cache.addRow(row)
        }
        let text = try self.list(cache, as: .json).text
        let document = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        let streams = try #require(document?["streams"] as? [[String: Any]])
        #expect(streams.count == count)
        #expect((document?["totals"] as? [String: Any])?["streams"] as? Int == count)
        if let first = streams.first {
            #expect(first["id"] as? String == "s0")
            #expect(first["created"] as? String == "2023-11-14T22:13:20.000Z")
            #expect((first["metadata"] as? [String: String])?["title"] == "\"quoted\" – ünï\n")
        }
    }

    @Test("fields of CSV that need quotes have them")
    func csv() throws {
        let cache = try TestCache()
        var row = try TestCache.row("s")
        row.contentType = "audio/x; a=\"b\", c\r\nd"
        try cache.addRow(row)
        let text = try self.list(cache).text
        #expect(text.contains(",\"audio/x; a=\"\"b\"\", c\r\nd\","))
        #expect(text.hasPrefix("id,state,size,content_type,created,"))
        #expect(text.hasSuffix("\r\n"))
    }

    @Test("a TTL is the time that is left, or in brackets what it will be")
    func ttl() throws {
        let cache = try TestCache()
        var sealed = try TestCache.row("sealed")
        sealed.timeToLiveSeconds = 90_000
        sealed.expiresAt = TestCache.now.advanced(bySeconds: 3_600)
        var open = try TestCache.row("open", state: .suspended)
        open.timeToLiveSeconds = 7_200
        var over = try TestCache.row("over")
        over.expiresAt = TestCache.now
        for row in [sealed, open, over] { try cache.addRow(row) }
        let lines = try self.list(cache, as: .table(width: 100)).text.split(separator: "\n")
        #expect(lines.first { $0.hasPrefix("sealed") }?.contains(" 1h ") == true)
        #expect(lines.first { $0.hasPrefix("open") }?.contains(" (2h) ") == true)
        #expect(lines.first { $0.hasPrefix("over") }?.contains(" over ") == true)
    }
}
