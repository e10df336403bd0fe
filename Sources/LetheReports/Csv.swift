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

        fileprivate var written: String {
            switch self {
            case .text(let text): Csv.cell(text)
            case .number(let number): Csv.cell(number)
            case .empty: ""
            }
        }
    }

    private let columns: [String]
    private var rows: [[Cell]] = []

    /// An empty table with these columns.
    public init(columns: [String]) { self.columns = columns }

    /// Adds a row; cells beyond the columns are cut off, missing ones are empty.
    public mutating func add(_ row: [Cell]) {
        rows.append(Array((row + Array(repeating: .empty, count: columns.count)).prefix(columns.count)))
    }

    /// The whole table.
    public var text: String {
        ([columns.map(Csv.cell)] + rows.map { $0.map(\.written) }).map { $0.joined(separator: ",") + "\r\n" }.joined()
    }
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
