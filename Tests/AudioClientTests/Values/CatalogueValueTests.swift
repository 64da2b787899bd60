import Testing
import Wire

@testable import AudioClient

@Suite("Lists, for programs and for people")
struct CatalogueValueTests {
    private func streams(_ names: String...) -> [StreamDescription] {
        names.map { StreamDescription(streamID: $0, state: "sealed", size: 1_500_000) }
    }

    @Test("pages follow each other up to the limit, and what to go on by is told")
    func walk() throws {
        var filter = ClientMessage.List()
        filter.prefix = "a"
        var walk = ListWalk(filter, limit: 3, pageLength: 2)
        #expect(walk.nextPage?.limit == 2 && walk.nextPage?.after == nil && walk.nextPage?.prefix == "a")
        #expect(try walk.received(self.streams("a1", "a2"), next: "a2").count == 2)
        #expect(walk.nextPage?.limit == 1 && walk.nextPage?.after == "a2")
        #expect(try walk.received(self.streams("a3", "a4"), next: "a4").map(\.streamID) == ["a3"])
        #expect(walk.nextPage == nil && walk.cursor == "a4")
    }

    @Test("a list without a limit ends where the server says so, and one that goes round in circles is refused")
    func endless() throws {
        var walk = ListWalk(ClientMessage.List(), limit: nil, pageLength: 2)
        _ = try walk.received(self.streams("a", "b"), next: "b")
        #expect(walk.nextPage?.after == "b")
        #expect(throws: ClientError.self) { try walk.received(self.streams("a", "b"), next: "b") }
        _ = try walk.received([], next: nil)
        #expect(walk.nextPage == nil && walk.cursor == nil)
    }

    @Test("no line is longer than the terminal is wide, and ids are cut only where they must be", arguments: 34...140)
    func widths(width: Int) {
        var streams = self.streams("stream-0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", "x")
        streams[0].contentType = "audio/wav; codecs=something"
        streams[0].createdAt = 1_795_476_935_442
        let table = StreamTable(fitting: streams, width: width)
        for line in [table.header] + streams.map({ table.line($0) }) { #expect(line.count <= width) }
        let hasRoom = width >= 43 + 22
        #expect(table.line(streams[0]).contains(streams[0].streamID) == hasRoom)
    }

    @Test("where there is no terminal nothing is left out")
    func noTerminal() {
        var stream = self.streams(String(repeating: "n", count: 128))[0]
        stream.createdAt = 0
        stream.contentType = "audio/wav"
        let table = StreamTable(fitting: [stream], width: nil)
        let fields = table.line(stream).split(separator: " ")
        #expect(fields.first?.count == 128)
        #expect(fields.dropFirst() == ["sealed", "1.5", "MB", "1970-01-01", "00:00:00", "audio/wav"])
    }

    @Test("what a server says can't reach the terminal as a control sequence")
    func controls() {
        var stream = self.streams("a")[0]
        stream.contentType = "\u{1B}[2J"
        stream.metadata = ["k": "v\n\u{7}"]
        let table = StreamTable(fitting: [stream], width: nil)
        for line in [table.line(stream)] + StreamTable.details(stream) {
            #expect(line.unicodeScalars.allSatisfy { $0.value >= 0x20 })
        }
    }

    @Test(
        "times are those of the calendar, leap days and the turn of the years with them",
        arguments: [
            (0, "1970-01-01 00:00:00"), (951_782_399_999, "2000-02-28 23:59:59"),
            (951_825_599_000, "2000-02-29 11:59:59"),
            (1_709_251_199_000, "2024-02-29 23:59:59"), (1_767_225_599_000, "2025-12-31 23:59:59"),
            (1_767_225_600_000, "2026-01-01 00:00:00"), (4_107_542_400_000, "2100-03-01 00:00:00"),
            (-5, "1970-01-01 00:00:00"), (Int64.max, "9999-12-31 23:59:59"),
        ] as [(Int64, String)]
    )
    func calendar(milliseconds: Int64, text: String) {
        #expect(CalendarTime(milliseconds: milliseconds).text == text)
    }
}
