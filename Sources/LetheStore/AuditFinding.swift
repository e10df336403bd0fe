import LetheRequests

/// Something in a ledger that is not as its entries, keys and commitments say it must be.
public struct AuditFinding: Sendable, Equatable, CustomStringConvertible {
    /// Where it was found.
    public enum Place: Sendable, Hashable {
        /// The database's tables, indexes and triggers.
        case schema(String)
        /// A row of table `meta`.
        case meta(String)
        /// An entry.
        case entry(UInt64)
        /// A stored tree node.
        case node(level: String, position: String)
        /// A row of the list of registrations, by its entry.
        case registration(String)
        /// A stored checkpoint, by its size.
        case checkpoint(String)
        /// A stored cosignature, by the checkpoint's size and the witness' name.
        case cosignature(size: String, name: String)
        /// A stored timestamp, by the checkpoint's size and its authority.
        case timestamp(size: String, authority: String)
        /// A row of the view of requests.
        case request(String)
        /// A row of the view of runs.
        case run(String)
        /// A file beside the database.
        case file(String)
        /// A row of the vault.
        case vault(String)
    }

    /// Where it was found.
    public let place: Place
    /// The entry that it concerns: itself, the receipt of its request, the last event of its run, or the last one that a
    /// checkpoint covers; nil where no entry of the log is concerned.
    public let entryIndex: UInt64?
    /// What is wrong there: a column or a part of the entry.
    public let field: String
    /// What it must be.
    public let expected: String
    /// What it is.
    public let found: String

    /// A finding.
    public init(_ place: Place, entry: UInt64? = nil, field: String, expected: String, found: String) {
        self.place = place
        if case .entry(let index) = place { entryIndex = index } else { entryIndex = entry }
        self.field = field
        self.expected = expected
        self.found = found
    }

    /// One line: place, entry, field, expected, found.
    public var description: String {
        let location =
            switch place {
            case .schema(let name): "schema \(name)"
            case .meta(let key): "meta \(key)"
            case .entry(let index): "entry \(index)"
            case .node(let level, let position): "tree node \(level)/\(position)"
            case .registration(let index): "registration \(index)"
            case .checkpoint(let size): "checkpoint \(size)"
            case .cosignature(let size, let name): "cosignature of checkpoint \(size) by \(name)"
            case .timestamp(let size, let authority): "timestamp of checkpoint \(size) by \(authority)"
            case .request(let id): "request \(id)"
            case .run(let id): "run \(id)"
            case .file(let path): path
            case .vault(let id): "vault \(id)"
            }
        var concerned = ""
        if case .entry = place {} else if let entryIndex { concerned = " (entry \(entryIndex))" }
        return "\(location)\(concerned): \(field): expected \(expected), found \(found)"
    }
}
