extension AuditReport {
    /// The requests as CSV (RFC 4180), one a row, refused ones included.
    ///
    /// A text that a spreadsheet would run as a formula is written with an apostrophe before it.
    public var csv: String {
        let header = [
            "request_id", "subject", "received_at", "due_at", "days_left", "days_taken", "state", "records_removed",
            "certificate_file", "log_index", "refusal", "reason", "run_id", "verdict",
        ]
        let rows = requests.map(row) + refusals.map(row)
        return ([header] + rows).map { $0.joined(separator: ",") + "\r\n" }.joined()
    }

    private func row(_ request: Request) -> [String] {
        var left = ""
        var taken = ""
        switch request.clock {
        case .running(let days): left = String(days)
        case .stopped(let days): taken = String(days)
        case .paused: break
        }
        return [
            Csv.cell(request.id), Csv.cell(request.subject), Csv.cell(request.receivedAt), Csv.cell(request.dueAt),
            left,
            taken, Csv.cell(request.state.rawValue), Csv.cell(request.recordsRemoved),
            Csv.cell(request.certificateFile ?? ""),
            Csv.cell(request.logIndex), "", Csv.cell(partialFailure), Csv.cell(runID), Csv.cell(verdict.rawValue),
        ]
    }

    /// Who was not told, for the column of reasons: a row must not read as a whole success.
    private var partialFailure: String {
        let untold = recipients.filter(\.isUntold).map(\.name)
        return untold.isEmpty ? "" : "recipients not told: \(untold.joined(separator: " "))"
    }

    private func row(_ refusal: Refusal) -> [String] {
        [
            Csv.cell(refusal.id), "", Csv.cell(refusal.receivedAt), "", "", "", Csv.cell(State.refused.rawValue), "",
            "",
            Csv.cell(refusal.logIndex), Csv.cell(refusal.kind), Csv.cell(refusal.reason), Csv.cell(runID), "",
        ]
    }
}

/// A table as CSV (RFC 4180): a line of column names, then one line a row, each ended by CR LF.
public struct CsvTable: Sendable {
    /// One cell.
    public enum Cell: Sendable {
        /// A text; one that a spreadsheet would run as a formula is written with an apostrophe before it.
        case text(String)
        /// A whole number, as it is.
        case number(Int)
        /// Nothing.
        case empty

        /// A text, or nothing.
        public init(_ text: String?) { self = text.map { .text($0) } ?? .empty }
        /// A number, or nothing.
        public init(_ number: Int?) { self = number.map { .number($0) } ?? .empty }

        fileprivate func write(to written: inout [UInt8]) {
            switch self {
            case .text(let text): Csv.append(text, to: &written)
            case .number(let number): written += String(number).utf8
            case .empty: break
            }
        }
    }

    private let columns: Int
    /// The lines so far, as UTF-8: a list can have a hundred thousand.
    private var written: [UInt8] = []

    /// An empty table with these columns.
    public init(columns: [String]) {
        self.columns = columns.count
        add(columns.map { .text($0) })
    }

    /// Rows to be added to another table.
    public init(rowsOf table: CsvTable) { columns = table.columns }

    /// Adds a row; cells beyond the columns are cut off, missing ones are empty.
    public mutating func add(_ row: [Cell]) {
        for column in 0..<columns {
            if column > 0 { written.append(UInt8(ascii: ",")) }
            if column < row.count { row[column].write(to: &written) }
        }
        written += "\r\n".utf8
    }

    /// Adds the rows of another table with the same columns and no heading.
    public mutating func add(_ rows: CsvTable) { written += rows.written }

    /// The whole table.
    public var text: String { String(decoding: written, as: UTF8.self) }
}

/// Cells of a CSV file.
enum Csv {
    /// Signs, also in their full-width forms, that make a spreadsheet take a text for a formula.
    private static let formulaSigns: Set<Unicode.Scalar> = [
        "=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠",
    ]

    /// A number, or nothing.
    static func cell(_ number: Int?) -> String {
        number.map { String($0) } ?? ""
    }

    /// Writes a text, harmless and quoted where it must be.
    static func append(_ text: String, to written: inout [UInt8]) {
        var text = text
        let isPlain = text.withUTF8 { utf8 in
            // No sign starts with a digit or a letter, and what must be quoted is ASCII.
            guard utf8.first.map(isDigitOrLetter) ?? true, !utf8.contains(where: mustBeQuoted) else { return false }
            written.append(contentsOf: utf8)
            return true
        }
        if !isPlain { written += cell(text).utf8 }
    }

    private static func isDigitOrLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }

    private static func mustBeQuoted(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: ","), UInt8(ascii: "\""), UInt8(ascii: "\r"), UInt8(ascii: "\n"): true
        default: false
        }
    }

    /// A text, harmless and quoted where it must be.
    static func cell(_ text: String) -> String {
        var text = text
        if let first = text.unicodeScalars.first(where: { $0 != " " }), formulaSigns.contains(first) {
            text = "'" + text
        }
        guard text.unicodeScalars.contains(where: { ",\"\r\n".unicodeScalars.contains($0) }) else { return text }
        let quoted = text.unicodeScalars.split(separator: "\"", omittingEmptySubsequences: false)
            .map { String(String.UnicodeScalarView($0)) }.joined(separator: "\"\"")
        return "\"\(quoted)\""
    }
}
