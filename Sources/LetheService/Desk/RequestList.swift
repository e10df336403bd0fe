import LetheReports
public import LetheRequests

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
        for (record, untold) in zip(records, untold) {
            var (ground, original): (String?, String?)
            switch record.state {
            case .refused(let reason): ground = reason.rawValue
            case .duplicate(let id): original = id.text
            default: break
            }
            let alert = alert(of: record)
            table.add([
                .text(record.requestID.text), .text(record.lifecycle.regulation.rawValue), .text(record.state.name),
                .init(ground), .init(original), .text("\(record.receivedAt)"),
                .text("\(record.receivedAt.date(utcOffsetMinutes: policy.clock.utcOffsetMinutes))"),
                .text("\(record.due)"), .init(record.nextDeadline?.description), .init(record.daysLeft(on: today)),
                .text(alert.rawValue), .text(alert.colour), .text(record.lifecycle.isExtended ? "yes" : "no"),
                .text("\(record.updatedAt)"), .number(Int(clamping: record.receivedIndex)),
                .number(Int(clamping: record.lastIndex)), .init(record.certificateIndex.map { Int(clamping: $0) }),
                .init(record.shreddedIndex.map { Int(clamping: $0) }), .number(untold),
            ])
        }
        return table.text
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
            records = records.compactMap { record in record.daysLeft(on: today).map { (left: $0, record: record) } }
                .filter { $0.left <= dueWithin }
                .sorted { ($0.left, $0.record.receivedIndex) < ($1.left, $1.record.receivedIndex) }.map(\.record)
        }
        return list(records)
    }

    /// Some requests with what today makes of them.
    public func list(_ records: [RequestRecord]) -> RequestList { RequestList(records, on: today(), by: policy) }
}
