import LetheBytes
import LetheCrypto
import LetheReports
public import LetheRequests
import LetheStatements

/// Requests as the desk lists them: with what the day makes of each. No personal data.
public struct RequestList: Sendable {
    /// The requests, in the order they are listed.
    public let records: [RequestRecord]
    /// The local day.
    public let today: CivilDate
    private let policy: Policy

    /// Lists `records` as of `today`, with the margin and the local time of `policy`.
    init(_ records: [RequestRecord], on today: CivilDate, by policy: Policy) {
        self.records = records
        self.today = today
        self.policy = policy
    }

    /// How near the next deadline of a request is.
    public func alert(of record: RequestRecord) -> DeadlineAlert {
        record.alert(
            on: today, marginDays: policy.batching.marginDays, utcOffsetMinutes: policy.clock.utcOffsetMinutes)
    }

    /// The columns of `csv`, documented in `Documentation/officers-desk.md`.
    public static let columns = [
        "request_id", "regulation", "state", "ground", "duplicate_of", "received_at", "received_on", "due_on",
        "next_deadline", "days_left", "alert", "colour", "extended", "last_event_at", "received_entry", "last_entry",
        "certificate_entry", "shredded_entry", "recipients_not_told",
    ]

    /// The list as CSV (RFC 4180).
    ///
    /// - Parameter untold: of every request, how many recipients of its data wait to be told or were given up.
    public func csv(untold: [Int]) -> String {
        var table = CsvTable(columns: Self.columns)
        let head = table
        let parts = inParts { places in
            var part = CsvTable(rowsOf: head)
            for place in places { part.add(cells(of: records[place], untold: untold[place])) }
            return part
        }
        for part in parts { table.add(part) }
        return table.text
    }

    private func cells(of record: RequestRecord, untold: Int) -> [CsvTable.Cell] {
        var (ground, original): (String?, String?)
        switch record.state {
        case .refused(let reason): ground = reason.rawValue
        case .duplicate(let id): original = id.text
        default: break
        }
        let alert = alert(of: record)
        return [
            .text(record.requestID.text), .text(record.lifecycle.regulation.rawValue), .text(record.state.name),
            .init(ground), .init(original), .text("\(record.receivedAt)"),
            .text("\(record.receivedAt.date(utcOffsetMinutes: policy.clock.utcOffsetMinutes))"),
            .text("\(record.due)"), .init(record.nextDeadline?.description), .init(record.daysLeft(on: today)),
            .text(alert.rawValue), .text(alert.colour), .text(record.lifecycle.isExtended ? "yes" : "no"),
            .text("\(record.updatedAt)"), .number(Int(clamping: record.receivedIndex)),
            .number(Int(clamping: record.lastIndex)), .init(record.certificateIndex.map { Int(clamping: $0) }),
            .init(record.shreddedIndex.map { Int(clamping: $0) }), .number(untold),
        ]
    }

    /// The list as a canonical JSON array of objects.
    ///
    /// - Parameter untold: of every request, the names of the recipients of its data that wait to be told or were given up.
    public func json(untold: [[String]]) -> [UInt8] {
        let parts = inParts { places in
            var part = CanonicalRows()
            for place in places { part.add { write(records[place], untold: untold[place], to: &$0) } }
            return part
        }
        return parts.reduce(into: CanonicalRows()) { $0.add($1) }.array
    }

    private func write(_ record: RequestRecord, untold: [String], to row: inout CanonicalRows.Row) {
        var (ground, original): (String?, String?)
        switch record.state {
        case .refused(let reason): ground = reason.rawValue
        case .duplicate(let id): original = id.text
        default: break
        }
        let alert = alert(of: record)
        row.add("alert", alert.rawValue)
        row.add("certificateEntry", record.certificateIndex)
        row.add("colour", alert.colour)
        row.add("daysLeft", record.daysLeft(on: today))
        row.add("due", record.due.description)
        row.add("duplicateOf", original)
        row.add("extended", if: record.lifecycle.isExtended)
        row.add("ground", ground)
        row.add("nextDeadline", record.nextDeadline?.description)
        row.add("receivedAt", record.receivedAt.description)
        row.add("receivedEntry", record.receivedIndex)
        row.add("recipientsNotTold", untold)
        row.add("regulation", record.lifecycle.regulation.rawValue)
        row.add("requestId", record.requestID.text)
        row.add("shreddedEntry", record.shreddedIndex)
        row.add("state", record.state.name)
        row.add("subjectCommitment", record.subjectCommitment.hex)
    }

    /// What `write` makes of the records, some neighbours at a time and on all cores.
    private func inParts<Part: Sendable>(_ write: @Sendable (Range<Int>) -> Part) -> [Part] {
        let size = 2_048
        return stride(from: 0, to: records.count, by: size).map { $0..<min($0 + size, records.count) }
            .concurrentMap(chunk: 1, write)
    }
}

extension Workspace {
    /// The requests with what today makes of them, in the order of their receipt.
    ///
    /// - Parameter dueWithin: where given, only open ones whose next deadline is at most so many days away, the most pressing first. A
    ///   paused request stays among them: its day moves only once the proof has come.
    public func requestList(dueWithin: Int? = nil) throws -> RequestList {
        let today = today()
        var records = try requests()
        if let dueWithin {
            // Of two equally pressing ones the earlier received stays the first.
            let pressing = records.indices.compactMap { place in
                records[place].daysLeft(on: today).map { (left: $0, place: place) }
            }.filter { $0.left <= dueWithin }.sorted { $0 < $1 }
            records = pressing.map { records[$0.place] }
        }
        return list(records)
    }

    /// Some requests with what today makes of them.
    public func list(_ records: [RequestRecord]) -> RequestList { RequestList(records, on: today(), by: policy) }
}
