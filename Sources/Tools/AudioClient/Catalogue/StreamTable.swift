public import Wire

/// Streams as lines of text, for people.
public struct StreamTable: Sendable {
    private static let shortestID = 12

    /// How wide the ids are.
    private let idWidth: Int
    private let showsTime: Bool
    private let showsType: Bool

    /// Lays a table out.
    ///
    /// - Parameters:
    ///   - streams: Those of the first page: their ids decide the width of the first column.
    ///   - width: How many characters a line may have, so that the less important columns, and the ends of ids, are
    ///     left out; `nil` for any number.
    public init(fitting streams: [StreamDescription], width: Int?) {
        let longest = max(Self.shortestID, streams.map(\.streamID.count).max() ?? 0)
        guard let width else {
            (self.idWidth, self.showsTime, self.showsType) = (longest, true, true)
            return
        }
        // State and size, with the spaces before them; then the time, then the type.
        let needed = longest + 11 + 11
        self.showsTime = needed + 22 <= width
        self.showsType = needed + 22 + 14 <= width
        let rest = width - (11 + 11) - (self.showsTime ? 22 : 0) - (self.showsType ? 14 : 0)
        self.idWidth = min(longest, max(Self.shortestID, rest))
    }

    /// The line above the others.
    public var header: String {
        self.line("STREAM", "STATE", "SIZE", time: "STARTED (UTC)", type: "TYPE")
    }

    /// The line of a stream.
    ///
    /// - Parameter stream: The stream.
    /// - Returns: One line, without its break, and without anything that could disturb a terminal.
    public func line(_ stream: StreamDescription) -> String {
        self.line(
            ErrorHandler.printable(stream.streamID),
            ErrorHandler.printable(stream.state),
            ProgressBar.amount(stream.size),
            time: stream.createdAt.map { CalendarTime(milliseconds: $0).text } ?? "-",
            type: ErrorHandler.printable(stream.contentType ?? "-")
        )
    }

    private func line(_ id: String, _ state: String, _ size: String, time: String, type: String) -> String {
        let name = id.count > self.idWidth ? String(id.prefix(self.idWidth - 1)) + "…" : id
        var line = Self.padded(name, self.idWidth) + "  " + Self.padded(state, 9)
        line += String(repeating: " ", count: max(0, 11 - size.count)) + size
        if self.showsTime { line += "  " + Self.padded(time, 20) }
        if self.showsType { line += "  " + type.prefix(12) }
        while line.last == " " { line.removeLast() }
        return line
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// All that is known about one stream, a line each.
    ///
    /// - Parameter stream: The stream.
    /// - Returns: Lines of a name and a value.
    public static func details(_ stream: StreamDescription) -> [String] {
        func time(_ milliseconds: Int64?) -> String? {
            milliseconds.map { CalendarTime(milliseconds: $0).text + " UTC" }
        }
        var rows: [(String, String?)] = [
            ("stream", stream.streamID), ("state", stream.state),
            ("size", "\(stream.size) bytes (\(ProgressBar.amount(stream.size)))"), ("type", stream.contentType),
            ("SHA-256", stream.sha256), ("started", time(stream.createdAt)), ("sealed", time(stream.sealedAt)),
            ("last read", time(stream.lastReadAt)), ("expires", time(stream.expiresAt)),
            ("kept for", stream.timeToLiveSeconds.map { "\($0) s after sealing" }), ("durability", stream.durability),
            ("readers", stream.readers.map { "\($0)" }),
            ("copies", stream.copies.map { $0.joined(separator: ", ") }),
        ]
        rows += (stream.metadata ?? [:]).sorted { $0.key < $1.key }.map { ("label", "\($0.key)=\($0.value)") }
        return rows.compactMap { name, value in
            value.map { Self.padded(name, 12) + ErrorHandler.printable($0) }
        }
    }
}
