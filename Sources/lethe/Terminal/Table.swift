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
        var widths = [Int](repeating: 0, count: rows[0].count)
        for row in rows {
            for (column, cell) in row.enumerated() { widths[column] = max(widths[column], cell.width) }
        }
        var text: [UInt8] = []
        text.reserveCapacity(rows.count * (widths.reduce(0, +) + 2 * widths.count))
        for (number, row) in rows.enumerated() {
            if number > 0 { text.append(UInt8(ascii: "\n")) }
            let last = row.lastIndex { !$0.isEmpty } ?? 0
            for column in row.indices.prefix(through: last) {
                let cell = row[column]
                text += (number > 0 ? style(number - 1, column)?.apply(to: cell) ?? cell : cell).utf8
                if column < last {
                    text.append(
                        contentsOf: repeatElement(UInt8(ascii: " "), count: widths[column] - cell.width + 2))
                }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}

extension String {
    /// How many places it takes in a column.
    fileprivate var width: Int { utf8.allSatisfy { (0x20..<0x7f).contains($0) } ? utf8.count : count }
}
