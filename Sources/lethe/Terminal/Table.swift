/// Rows of text in columns, for people.
struct Table {
    private let rows: [[String]]
    private let style: (_ row: Int, _ column: Int) -> TerminalStyle?

    /// A table with these column headings.
    ///
    /// - Parameter style: how a cell is shown, its row counted from zero without the headings; nil as it is.
    init(
        _ headings: [String], style: @escaping (_ row: Int, _ column: Int) -> TerminalStyle? = { _, _ in nil },
        rows: () -> [[String]]
    ) {
        self.rows = [headings] + rows()
        self.style = style
    }

    /// The rows, each column as wide as its longest cell.
    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.enumerated().map { number, row in
            let last = row.lastIndex { !$0.isEmpty } ?? 0
            return row.indices.prefix(through: last).map { column in
                let cell = row[column]
                let shown = number > 0 ? style(number - 1, column)?.apply(to: cell) ?? cell : cell
                return column == last ? shown : shown + String(repeating: " ", count: widths[column] - cell.count)
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }
}
