import LetheBytes
import LetheStatements

/// The deadlines of a request as its events state them.
public struct LoggedClock: Sendable, Hashable {
    /// The day by which receipt must be confirmed, where the law sets one.
    public let confirmBy: CivilDate?
    /// The day by which the request must be answered.
    public let due: CivilDate
    /// The day by which it must be answered if it is extended.
    public let extended: CivilDate

    /// The deadlines to log.
    public init(confirmBy: CivilDate?, due: CivilDate, extended: CivilDate) {
        self.confirmBy = confirmBy
        self.due = due
        self.extended = extended
    }

    /// The deadlines to log out of those that the clock computed.
    public init(_ deadlines: StatutoryDeadlines) {
        self.init(confirmBy: deadlines.confirmBy, due: deadlines.due, extended: deadlines.extended)
    }

    var json: JSONValue {
        var members: [String: JSONValue] = ["due": .code(due), "extended": .code(extended)]
        members["confirmBy"] = confirmBy.map { .code($0) }
        return .object(members)
    }

    init(_ fields: JSONFields) throws(FieldError) {
        try fields.requireExactly(["due", "extended"], optional: ["confirmBy"])
        confirmBy = try fields.optional("confirmBy").map { (field) throws(FieldError) in try field.date() }
        due = try fields.member("due").date()
        extended = try fields.member("extended").date()
    }
}
