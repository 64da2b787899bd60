import CacheProtocol
import SQLiteBackend

/// Writes a listing page by page: the first page decides how wide the columns of a table are.
struct ListingWriter {
    /// From this width on moments are shown in full, below as the time since.
    private static let wideTable = 140

    private let format: ListOptions.Format
    private let now: Timestamp
    private var layout: Table.Layout?
    private var isBegun = false

    init(_ format: ListOptions.Format, now: Timestamp) {
        self.format = format
        self.now = now
    }

    /// The text of a page.
    mutating func page(_ streams: [IndexedStream]) throws -> String {
        switch self.format {
        case .json:
            let lines = try streams.map { "    " + (try JSONText.line(StreamDocument($0))) }
            guard !lines.isEmpty else { return "" }
            defer { self.isBegun = true }
            return (self.isBegun ? ",\n" : "{\n  \"streams\": [\n") + lines.joined(separator: ",\n")
        case .csv:
            defer { self.isBegun = true }
            let rows = streams.map { CSV.line(StreamDocument($0).csvFields) }.joined()
            return (self.isBegun ? "" : CSV.line(StreamDocument.csvTitles)) + rows
        case .table(let width): return self.table(streams, width: width)
        }
    }

    /// What follows the last page.
    func end(_ totals: ListTotals) throws -> String {
        switch self.format {
        case .json:
            let begin = self.isBegun ? "\n  ],\n" : "{\n  \"streams\": [],\n"
            return begin + "  \"totals\": \(try JSONText.line(totals))\n}\n"
        case .csv: return ""
        case .table: return totals.streams == 0 ? "No streams.\n" : "\n\(totals.line)\n"
        }
    }

    private mutating func table(_ streams: [IndexedStream], width: Int?) -> String {
        guard !streams.isEmpty else { return "" }
        let isWide = width.map { $0 >= Self.wideTable } ?? true
        var table = Table([
            Table.Column("ID", minimum: 16),
            Table.Column("STATE"),
            Table.Column("SIZE", isRightAligned: true),
            Table.Column("TYPE", minimum: 9, isOptional: true),
            Table.Column("CREATED", isRightAligned: !isWide),
            Table.Column("READ", isRightAligned: !isWide, isOptional: true),
            Table.Column("TTL", isRightAligned: true, isOptional: true),
            Table.Column("SHA-256", minimum: 8, isOptional: true),
        ])
        for stream in streams {
            table.add([
                stream.id.rawValue,
                stream.state.rawValue,
                ByteAmount.text(stream.size),
                stream.contentType ?? "-",
                self.moment(stream.createdAt, isWide: isWide),
                stream.lastReadAt.map { self.moment($0, isWide: isWide) } ?? "-",
                self.timeLeft(stream),
                stream.sha256.map { String($0.description.prefix(12)) } ?? "-",
            ])
        }
        var lines: [String] = []
        let layout = self.layout ?? table.layout(fitting: width)
        if self.layout == nil { lines.append(table.titles(layout)) }
        self.layout = layout
        lines += table.lines(layout, isCut: width != nil)
        return lines.joined(separator: "\n") + "\n"
    }

    private func moment(_ moment: Timestamp, isWide: Bool) -> String {
        if isWide { return moment.text(separator: " ") }
        return TimeSpan(from: moment, to: self.now).short
    }

    /// How long the stream is still kept; in brackets how long it will be once sealed.
    private func timeLeft(_ stream: IndexedStream) -> String {
        if let end = stream.expiresAt { return end <= self.now ? "over" : TimeSpan(from: self.now, to: end).short }
        guard let seconds = stream.timeToLiveSeconds else { return "-" }
        return "(\(TimeSpan(seconds: seconds).short))"
    }
}
