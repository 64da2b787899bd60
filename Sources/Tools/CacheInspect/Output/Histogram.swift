/// How many of something fall into each of several classes, as bars.
struct Histogram: Hashable {
    /// One class.
    struct Bar: Hashable {
        var label: String
        var count: Int64
    }

    var title: String
    var bars: [Bar]

    /// Blocks of an eighth of a column to a whole one.
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"]

    /// The title, and one line for each class from the first to the last that anything falls into.
    ///
    /// - Parameter width: The terminal's columns, or `nil` for 80.
    func lines(width: Int?) -> [String] {
        guard let first = self.bars.firstIndex(where: { $0.count > 0 }),
            let last = self.bars.lastIndex(where: { $0.count > 0 })
        else { return [self.title, "  nothing"] }
        let shown = self.bars[first...last]
        let labelWidth = shown.reduce(0) { max($0, TerminalText.width($1.label)) }
        let countWidth = shown.reduce(0) { max($0, "\($1.count)".count) }
        let room = max(min(width ?? 80, 120) - labelWidth - countWidth - 6, 8)
        let highest = shown.reduce(1) { max($0, $1.count) }
        return [self.title]
            + shown.map { bar in
                let label = String(repeating: " ", count: labelWidth - TerminalText.width(bar.label)) + bar.label
                let count = String(repeating: " ", count: countWidth - "\(bar.count)".count) + "\(bar.count)"
                let drawn = Self.bar(bar.count, of: highest, room: room)
                return "  \(label)  \(count)" + (drawn.isEmpty ? "" : "  \(drawn)")
            }
    }

    private static func bar(_ count: Int64, of highest: Int64, room: Int) -> String {
        guard count > 0 else { return "" }
        // At least an eighth, so that something never looks like nothing.
        let eighths = max(Int((Double(count) / Double(highest) * Double(room * 8)).rounded()), 1)
        return String(repeating: "█", count: eighths / 8) + Self.eighths[eighths % 8]
    }
}
