import LetheBytes

/// Whose record every row of an output is: CSV with the columns `user`, `label` and, if there are other records than forgotten ones, `set`.
struct AuditedPeople {
    /// What a record is in the audit.
    enum Part: String, CaseIterable {
        /// A training record that was to be forgotten.
        case forgotten
        /// A test record of somebody who stays: usefulness (G5).
        case retained
        /// A record of somebody whom no model was trained on: membership (G3).
        case control
    }

    /// One row.
    struct Row {
        let user: Int
        let isLiked: Bool
        let part: Part
    }

    let rows: [Row]

    /// Reads the file; names of users are numbered in their order and forgotten.
    /// - Throws: `EngineError.line`, `.noExamples`; `FileError`.
    init(_ path: String) throws {
        let reader = try LineReader(path: path, maximumLineLength: 1 << 16)
        func cells(_ line: [UInt8]) -> [String] {
            line.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map {
                String(decoding: $0, as: UTF8.self)
            }
        }
        func wrong(_ expected: String) -> EngineError {
            .line(path: path, number: reader.lineNumber, reason: "expected \(expected)")
        }
        let columns = try reader.next().map(cells) ?? []
        guard columns == ["user", "label"] || columns == ["user", "label", "set"] else {
            throw wrong("the header user,label or user,label,set")
        }
        var numbers: [String: Int] = [:]
        var rows: [Row] = []
        while let line = try reader.next() {
            if line.isEmpty { continue }
            let cells = cells(line)
            guard cells.count == columns.count, !cells[0].isEmpty else {
                throw wrong("\(columns.count) fields, the user first")
            }
            let isLiked: Bool
            switch cells[1].lowercased() {
            case "1", "yes", "true": isLiked = true
            case "0", "no", "false": isLiked = false
            default: throw wrong("yes or no, 1 or 0 in column label")
            }
            guard let part = columns.count == 2 ? .forgotten : Part(rawValue: cells[2]) else {
                throw wrong("forgotten, retained or control in column set")
            }
            let user = numbers[cells[0], default: numbers.count]
            numbers[cells[0]] = user
            rows.append(Row(user: user, isLiked: isLiked, part: part))
        }
        guard !rows.isEmpty else { throw EngineError.noExamples(path: path) }
        self.rows = rows
    }
}
