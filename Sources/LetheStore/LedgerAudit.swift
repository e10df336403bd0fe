import GRDB
public import LetheCrypto
public import LetheLog
import LetheRequests

/// Whom an auditor trusts before reading a ledger.
public struct AuditTrust: Sendable {
    /// The keys that may sign key events; everything else that signs entries is registered in the log by them.
    public let roots: [VerifyingKey]
    /// The log's keys, and those of witnesses.
    public let noteVerifiers: [NoteVerifier]
    /// Who may say what time it was.
    public let timestampAuthorities: [TimestampAuthority]

    /// Whom to trust.
    public init(
        roots: [VerifyingKey], noteVerifiers: [NoteVerifier], timestampAuthorities: [TimestampAuthority] = []
    ) {
        self.roots = roots
        self.noteVerifiers = noteVerifiers
        self.timestampAuthorities = timestampAuthorities
    }
}

/// Derives a ledger again from its entries and compares everything that is stored.
///
/// Never imports what writes: it reads the tables in one transaction, recomputes leaf hashes, tree, roots, signatures, key
/// registry, request and run views, certificate chain and commitments, and reports every difference.
public enum LedgerAudit {
    /// Audits `store`.
    ///
    /// - Parameters:
    ///   - trust: keys from outside of the ledger.
    ///   - masterKey: opens the vault, so that every row is compared with the commitments in the log; without it only the
    ///     presence of rows is checked.
    /// - Returns: what is wrong, in the order of the checks; nothing where all holds.
    /// - Throws: `StoreError` where the database cannot be read at all.
    public static func run(
        _ store: LedgerStore, trust: AuditTrust, masterKey: MasterKey? = nil
    ) throws(StoreError) -> [AuditFinding] {
        try store.read { tables in try findings(in: tables, trust: trust, masterKey: masterKey) }
    }

    /// The audit inside a transaction that somebody else has begun.
    static func findings(
        in tables: LedgerTables, trust: AuditTrust, masterKey: MasterKey?
    ) throws -> [AuditFinding] {
        var audit = AuditPass(tables: tables, trust: trust)
        try audit.checkSchema()
        try audit.checkMeta()
        try audit.loadCheckpoints()
        try audit.replayEntries()
        try audit.checkNodes()
        try audit.checkCheckpoints()
        try audit.checkCosignatures()
        try audit.checkTimestamps()
        try audit.checkCompromisedKeys()
        try audit.checkView(.requests, expected: audit.requestRows) { AuditFinding.Place.request($0) }
        try audit.checkView(.runs, expected: audit.runRows) { AuditFinding.Place.run($0) }
        try audit.checkVault(masterKey: masterKey)
        return audit.findings
    }
}

/// A row that the entries imply, and the entry that implies it.
struct ExpectedRow {
    let cells: [Cell]
    let entry: UInt64
}

/// One pass over a ledger. The parts are in AuditPass+*.swift.
struct AuditPass {
    let tables: LedgerTables
    let trust: AuditTrust
    var findings: [AuditFinding] = []

    var db: Database { tables.db }

    /// What the entries add up to.
    var state = LedgerState()
    var keys: KeyRegistry
    /// Sizes of checkpoints that a trusted witness cosigned.
    var witnessedSizes: Set<UInt64> = []
    var range = CompactRange()
    var certificates = CertificateChain()
    /// Recomputed roots at the sizes of stored checkpoints and of seeds.
    var roots: [UInt64: Digest] = [:]
    /// Sizes at which a root is needed.
    var wantedSizes: Set<UInt64> = []
    /// Stored checkpoints: size as stored, previous, note.
    var checkpointRows: [[Cell]] = []
    /// Which checkpoints witnesses have cosigned.
    var witnessed = WitnessedCheckpoints()
    /// Which checkpoints timestamp authorities have stamped.
    var stamped = StampedCheckpoints()
    /// Leaf hashes and inner nodes that the entries imply: how many.
    var nodeCount = 0

    init(tables: LedgerTables, trust: AuditTrust) {
        self.tables = tables
        self.trust = trust
        keys = KeyRegistry(origin: tables.origin, trustedRoots: trust.roots)
    }

    mutating func report(
        _ place: AuditFinding.Place, entry: UInt64? = nil, _ field: String, expected: String, found: String
    ) {
        findings.append(AuditFinding(place, entry: entry, field: field, expected: expected, found: found))
    }

    var requestRows: [String: ExpectedRow] {
        Dictionary(
            state.requests.values.map { ($0.requestID.text, ExpectedRow(cells: $0.cells, entry: $0.receivedIndex)) }
        ) { first, _ in first }
    }

    var runRows: [String: ExpectedRow] {
        Dictionary(state.runs.values.map { ($0.runID.text, ExpectedRow(cells: $0.cells, entry: $0.lastIndex)) }) {
            first, _ in first
        }
    }
}
