/// Rows and columns as text that fits a terminal.
///
/// Where the rows are wider than the terminal, columns that may shrink do so, the widest first, and what is cut off
/// ends in `…`; where even that is not enough, columns that may be left out are, the last first.
struct Table: Hashable {
    /// One column.
    struct Column: Hashable {
        var title: String
        var isRightAligned = false
        /// The fewest columns of the terminal that make sense; `nil` where the column must be shown in full.
        var minimum: Int?
        /// Whether the column may be missing where there is no room.
        var isOptional = false

        init(_ title: String, isRightAligned: Bool = false, minimum: Int? = nil, isOptional: Bool = false) {
            self.title = title
            self.isRightAligned = isRightAligned
            self.minimum = minimum
            self.isOptional = isOptional
        }
    }

    /// What stands between two columns.
    private static let gap = 2

    let columns: [Column]
    private(set) var rows: [[String]] = []

    init(_ columns: [Column]) { self.columns = columns }

    /// Adds a row of as many cells as there are columns.
    mutating func add(_ cells: [String]) {
        self.rows.append(self.columns.indices.map { $0 < cells.count ? TerminalText.safe(cells[$0]) : "" })
    }

    /// How wide each column is; `nil` for one that is left out.
    typealias Layout = [Int?]

    /// The lines, titles first.
    ///
    /// - Parameter width: The terminal's columns, or `nil` for as many as it takes.
    func lines(width: Int?) -> [String] {
        let layout = self.layout(fitting: width)
        return [self.titles(layout)] + self.lines(layout, isCut: width != nil)
    }

    /// The line of titles.
    func titles(_ layout: Layout) -> String { self.line(self.columns.map(\.title), layout, isCut: true) }

    /// The rows without titles, in a layout that may be another table's of the same columns.
    ///
    /// - Parameter isCut: Whether cells that are wider than the layout are cut off.
    func lines(_ layout: Layout, isCut: Bool) -> [String] { self.rows.map { self.line($0, layout, isCut: isCut) } }

    /// The widths with which the table fits.
    func layout(fitting limit: Int?) -> Layout {
        var widths: Layout = self.columns.indices.map { index in
            self.rows.reduce(TerminalText.width(self.columns[index].title)) {
                max($0, TerminalText.width($1[index]))
            }
        }
        guard let limit else { return widths }
        while true {
            let shrunk = self.shrunk(widths, to: limit)
            if Self.total(shrunk) <= limit { return shrunk }
            let optional = self.columns.indices.last { self.columns[$0].isOptional && widths[$0] != nil }
            guard let optional else { return shrunk }
            widths[optional] = nil
        }
    }

    private func shrunk(_ natural: Layout, to limit: Int) -> Layout {
        var widths = natural
        while Self.total(widths) > limit {
            let shrinkable = self.columns.indices.filter { index in
                guard let width = widths[index], let minimum = self.columns[index].minimum else { return false }
                return width > minimum
            }
            let widest = shrinkable.max { (widths[$0] ?? 0) < (widths[$1] ?? 0) }
            guard let widest, let width = widths[widest] else { break }
            // One column of the terminal at a time, so that long columns share the loss.
            widths[widest] = width - 1
        }
        return widths
    }

    private static func total(_ widths: Layout) -> Int {
        let shown = widths.compactMap { $0 }
        return shown.reduce(0, +) + Self.gap * max(shown.count - 1, 0)
    }

    private func line(_ cells: [String], _ layout: Layout, isCut: Bool) -> String {
        var line = ""
        var isFirst = true
        for (index, width) in layout.enumerated() {
            guard let width else { continue }
            if !isFirst { line += String(repeating: " ", count: Self.gap) }
            isFirst = false
            let text = isCut ? TerminalText.cut(cells[index], to: width) : cells[index]
            let padding = String(repeating: " ", count: max(width - TerminalText.width(text), 0))
            line += self.columns[index].isRightAligned ? padding + text : text + padding
        }
        while line.hasSuffix(" ") { line.removeLast() }
        return line
    }
}
