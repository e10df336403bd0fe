import GRDB
import LetheBytes
public import LetheCrypto
public import LetheLog
import LetheRequests
import LetheStatements

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
///
/// Signatures are checked and the vault is opened on all cores; the order of the findings does not depend on that. Entries pass
/// through in windows of bounded size, and a request is held only from its receipt to its last event, so that memory does not
/// grow with the log. What bounds it is the number of requests that are open at one time, and of damaged rows.
public enum LedgerAudit {
    /// What an audit found out.
    public struct Outcome: Sendable {
        /// What is wrong, in the order of the checks; nothing where all holds.
        public var findings: [AuditFinding] = []
        /// The number of entries.
        public var entries: UInt64 = 0
        /// Whether signatures were checked, and not only the structure.
        public let checkedSignatures: Bool
        /// Which requests have no certificate, and which certificates no request.
        public var completeness = Completeness()
        /// The newest checkpoint that agrees with every entry below it, of which none is bad.
        public var lastGoodCheckpoint: Checkpoint?
        /// The newest one of these that a trusted witness has cosigned.
        public var lastGoodWitnessedCheckpoint: Checkpoint?
        /// What the cosignatures establish, for the search.
        var witnessed = WitnessedCheckpoints()

        init(findings: [AuditFinding], entries: UInt64, checkedSignatures: Bool) {
            self.findings = findings
            self.entries = entries
            self.checkedSignatures = checkedSignatures
        }

        /// A ledger that cannot be read far enough to be audited.
        public init(unreadable error: StoreError) {
            self.init(
                findings: [
                    AuditFinding(.schema("ledger"), field: "database", expected: "a whole one", found: "\(error)")
                ], entries: 0, checkedSignatures: false)
        }

        /// The lowest index of an entry that something is wrong with.
        public var firstBadEntry: UInt64? { findings.compactMap(\.entryIndex).min() }
    }

    /// The other direction of the ledger: not whether what is there is right, but whether something is missing.
    ///
    /// A request that still waits for its certificate is no fault. A fulfilled one without a certificate, and a certificate
    /// without a request, are findings besides.
    public struct Completeness: Sendable {
        /// A request that no certificate was issued for.
        public struct Request: Sendable {
            /// The request.
            public let requestID: String
            /// Where it stands.
            public let state: String
            /// The entry of its receipt.
            public let receivedIndex: UInt64
        }

        /// The number of requests.
        public var requests = 0
        /// The number of certificates.
        public var certificates = 0
        /// Requests without a certificate, by state.
        public var withoutCertificateByState: [String: Int] = [:]
        /// Requests without a certificate, in the order of their ids: as many as were asked for.
        public var withoutCertificate: [Request] = []
        /// Requests that a certificate fulfilled, by how many runs had a candidate for them: above 1, a pass was tried for again.
        public var fulfilledByRuns: [Int: Int] = [:]
        /// The entries of certificates whose request the log never received.
        public var certificatesWithoutRequest: [UInt64] = []
    }

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
        try examine(store, trust: trust, masterKey: masterKey).findings
    }

    /// Audits `store` and says all there is to say.
    ///
    /// - Parameters:
    ///   - checksSignatures: false to look at the structure only, which is many times faster and proves much less.
    ///   - listing: how many requests without a certificate to name; all are counted.
    public static func examine(
        _ store: LedgerStore, trust: AuditTrust, masterKey: MasterKey? = nil, checksSignatures: Bool = true,
        listing: Int = 100
    ) throws(StoreError) -> Outcome {
        try store.read { tables in
            // SQLite's check of its file goes on beside the replay, and the look at the indexes beside the comparisons after it,
            // which one thread makes: each needs a connection for itself.
            let integrity = IntegrityCheck(path: store.path)
            let examined = Result {
                let audit = try replay(tables, trust: trust, checksSignatures: checksSignatures)
                integrity.beginIndexes()
                return try conclude(audit, masterKey: masterKey, listing: listing)
            }
            let damage = try integrity.findings()
            var outcome = try examined.get()
            outcome.findings = damage + outcome.findings
            outcome.findings += try CheckpointGuard(database: store.path).findings(about: tables)
            try outcome.findLastGood(in: tables)
            return outcome
        }
    }

    /// The audit inside a transaction that somebody else has begun.
    static func findings(
        in tables: LedgerTables, trust: AuditTrust, masterKey: MasterKey?
    ) throws -> [AuditFinding] {
        try IntegrityCheck.findings(tables.db)
            + conclude(replay(tables, trust: trust, checksSignatures: true), masterKey: masterKey, listing: 0).findings
    }

    private static func replay(
        _ tables: LedgerTables, trust: AuditTrust, checksSignatures: Bool
    ) throws -> AuditPass {
        var audit = try AuditPass(tables: tables, trust: trust, checksSignatures: checksSignatures)
        try audit.checkSchema()
        try audit.checkMeta()
        try audit.replayEntries()
        try audit.replaySuspects()
        audit.sortReplayFindings()
        return audit
    }

    private static func conclude(_ replayed: AuditPass, masterKey: MasterKey?, listing: Int) throws -> Outcome {
        var audit = replayed
        let checksSignatures = audit.checksSignatures
        try audit.checkNodes()
        try audit.checkRegistrations()
        if checksSignatures {
            try audit.checkCosignatures()
            try audit.checkTimestamps()
        }
        try audit.checkRemainingCheckpoints()
        if checksSignatures { try audit.checkCompromisedKeys() }
        try audit.checkRequests()
        try audit.checkRuns()
        try audit.checkVault(masterKey: masterKey)
        var outcome = Outcome(
            findings: audit.findings, entries: audit.range.size, checkedSignatures: checksSignatures)
        outcome.witnessed = audit.witnessed
        outcome.completeness = try audit.completeness(listing: listing)
        return outcome
    }
}

extension LedgerAudit.Outcome {
    /// Finds the newest stored checkpoint below the first bad entry that nothing was found wrong with.
    fileprivate mutating func findLastGood(in tables: LedgerTables) throws {
        let bound = firstBadEntry ?? entries
        let bad = Set(
            findings.compactMap { finding in
                if case .checkpoint(let size) = finding.place { size } else { nil }
            })
        if let (size, _) = witnessed.last(within: bound) {
            lastGoodWitnessedCheckpoint = try tables.checkpoint(size: size)?.checkpoint
        }
        var rows = try RowStream(
            tables.db, "SELECT size, CAST(note AS BLOB) FROM checkpoints WHERE size <= ? ORDER BY size DESC",
            [.position(bound)])
        while let row = try rows.next() {
            guard !bad.contains(row[0].text), let note = row[1].blob.flatMap({ try? SignedNote(parsing: $0) }),
                let checkpoint = try? Checkpoint(parsing: note.text)
            else { continue }
            lastGoodCheckpoint = checkpoint
            return
        }
    }
}

/// What the audit keeps of a stored request while it follows the request's events.
struct FollowedRequest {
    /// For how many entries a row is kept; one that ends later is read again then, so that many open requests cost little memory.
    static let reach: UInt64 = 2_048

    /// The index of its last event, as the row says.
    let lastIndex: UInt64
    /// The row itself, where the last event is near.
    let row: PackedRow?
    /// The runs that had a candidate for it so far.
    var runs = 0
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
    let checksSignatures: Bool
    var findings: [AuditFinding] = []

    var db: Database { tables.db }

    /// What the entries add up to: every run, and every request between its receipt and its last event.
    var state = LedgerState()
    /// What the stored row of each request in `state` says.
    var followed: [RequestID: FollowedRequest] = [:]
    /// Requests that a certificate fulfilled, by how many runs had a candidate for them.
    var fulfilledByRuns: [Int: Int] = [:]
    /// The stored row of a request, by its id.
    let requestRows: RowLookup
    /// Requests whose row or events are not as they should be, to be derived again with all their events.
    var suspects: Set<RequestID> = []
    /// What the suspects' events add up to.
    var derived = LedgerState()
    /// How many rows of table `requests` are as the entries say.
    var matchedRequests = 0

    var keys: KeyRegistry
    /// Who might take which decision, as the policies' events say.
    var decisions = DecisionJudge()
    /// Sizes of checkpoints that a trusted witness cosigned.
    var witnessedSizes: Set<UInt64> = []
    var range = CompactRange()
    var newestTime: Timestamp?
    /// Entries that register something, as they come.
    var registrations: [(type: String, index: UInt64)] = []
    /// What the log says became of telling each recipient, by run, as a certificate writes it.
    var notified: [RunID: [String: String]] = [:]
    /// What the entries of each run say that its certificates must repeat.
    var evidence: [RunID: RunEvidence] = [:]
    var certificates: CertificateIndex
    var nodes: NodeComparison
    var checkpoints: CheckpointComparison
    /// Stored checkpoints whose size the tree has reached, still to be checked.
    var reached: [CheckpointComparison.Stored] = []
    /// Which checkpoints witnesses have cosigned.
    var witnessed = WitnessedCheckpoints()
    /// Which checkpoints timestamp authorities have stamped.
    var stamped = StampedCheckpoints()

    init(tables: LedgerTables, trust: AuditTrust, checksSignatures: Bool = true) throws {
        self.tables = tables
        self.trust = trust
        self.checksSignatures = checksSignatures
        keys = KeyRegistry(origin: tables.origin, trustedRoots: trust.roots)
        requestRows = try RowLookup(
            tables.db, TableShape.requests.select + " WHERE request_id = CAST(? AS TEXT)")
        certificates = try CertificateIndex()
        nodes = NodeComparison(db: tables.db)
        checkpoints = try CheckpointComparison(db: tables.db)
    }

    mutating func report(
        _ place: AuditFinding.Place, entry: UInt64? = nil, _ field: String, expected: String, found: String
    ) {
        findings.append(AuditFinding(place, entry: entry, field: field, expected: expected, found: found))
    }

    /// What was found while replaying, in the order of the entries, whatever pass has found it.
    mutating func sortReplayFindings() {
        let schema = findings.prefix { $0.entryIndex == nil }
        findings =
            schema
            + findings.dropFirst(schema.count).enumerated().sorted {
                ($0.element.entryIndex ?? .max, $0.offset) < ($1.element.entryIndex ?? .max, $1.offset)
            }.map(\.element)
    }
}
