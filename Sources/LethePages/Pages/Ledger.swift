/// The certificates of a log.
public struct CertificatesPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.certificates, title: "Certificates", place: .certificates)
    }

    /// The certificates, the newest first.
    public var table: TableView

    /// Lists certificates.
    public init(table: TableView) { self.table = table }
}

/// One certificate, and how to check it without trusting this page.
public struct CertificatePage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(
            .certificate, title: "\(certificateID): \(verdict.word)", place: .certificates, scripts: [.check],
            markup: ["tree": proof.drawing])
    }

    /// The certificate's name.
    public var certificateID: String
    /// The verdict of the forgetting test.
    public var verdict: Mark
    /// The claim, word for word.
    public var claim: String
    /// Request, models, data, run.
    public var facts: [Fact]
    /// What was measured.
    public var tests: TableView
    /// What was not.
    public var notAssessed: [String]
    /// Who was told, and backups.
    public var recipients: TableView
    /// The place in the log.
    public var proof: ProofView
    /// The path of the certificate's file, which the page verifies and the reader saves.
    public var servedPath: String
    /// The path of the audit bundle.
    public var bundlePath: String
    /// The path of the bundle with which the run can be repeated; nil where the reader may not have it.
    public var replayPath: String?
    /// The path of the trust file that this server publishes.
    public var trustPath: String
    /// The bundle's recipe, and other ways that do not need this page.
    public var commands: [Command]

    /// A certificate.
    public init(
        certificateID: String, verdict: Mark, claim: String, facts: [Fact], tests: TableView, notAssessed: [String],
        recipients: TableView, proof: ProofView, servedPath: String, bundlePath: String, replayPath: String? = nil,
        trustPath: String, commands: [Command]
    ) {
        self.certificateID = certificateID
        self.verdict = verdict
        self.claim = claim
        self.facts = facts
        self.tests = tests
        self.notAssessed = notAssessed
        self.recipients = recipients
        self.proof = proof
        self.servedPath = servedPath
        self.bundlePath = bundlePath
        self.replayPath = replayPath
        self.trustPath = trustPath
        self.commands = commands
    }
}

/// The log: its newest checkpoint, witnesses, and entries.
public struct LogPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.log, title: "Log", place: .log)
    }

    /// The log's name.
    public var origin: String
    /// Size, root and key.
    public var facts: [Fact]
    /// The newest signed checkpoint, as text.
    public var checkpoint: String
    /// The witnesses that the log asks, and whether they cosigned.
    public var witnesses: TableView
    /// The newest of the kept checkpoints.
    public var checkpoints: TableView
    /// The page of all of them.
    public var checkpointsPath: String
    /// A page of entries, the newest first.
    public var entries: TableView
    /// The path of older entries; nil where there are none.
    public var olderPath: String?
    /// The path of newer entries; nil where there are none.
    public var newerPath: String?

    /// A page of the log.
    public init(
        origin: String, facts: [Fact], checkpoint: String, witnesses: TableView, checkpoints: TableView,
        checkpointsPath: String, entries: TableView, olderPath: String?, newerPath: String?
    ) {
        self.origin = origin
        self.facts = facts
        self.checkpoint = checkpoint
        self.witnesses = witnesses
        self.checkpoints = checkpoints
        self.checkpointsPath = checkpointsPath
        self.entries = entries
        self.olderPath = olderPath
        self.newerPath = newerPath
    }
}

/// One entry of the log.
public struct EntryPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(
            .entry, title: "Entry \(index)", place: .log,
            markup: ["tree": proof.drawing, "neighbourhood": around.drawing])
    }

    /// Its index.
    public var index: UInt64
    /// What it says, in a few words.
    public var kind: String
    /// Leaf hash, signer, predicate type.
    public var facts: [Fact]
    /// The statement, indented for reading.
    public var statement: String
    /// The envelope, byte for byte.
    public var envelope: String
    /// Its place in the tree.
    public var proof: ProofView
    /// The tree around it.
    public var around: TreeView
    /// The path of the entry before; nil for the first.
    public var previousPath: String?
    /// The path of the entry after; nil for the last.
    public var nextPath: String?

    /// An entry.
    public init(
        index: UInt64, kind: String, facts: [Fact], statement: String, envelope: String, proof: ProofView,
        around: TreeView, previousPath: String?, nextPath: String?
    ) {
        self.index = index
        self.kind = kind
        self.facts = facts
        self.statement = statement
        self.envelope = envelope
        self.proof = proof
        self.around = around
        self.previousPath = previousPath
        self.nextPath = nextPath
    }
}
