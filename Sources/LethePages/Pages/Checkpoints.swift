/// The checkpoints that the log keeps, a page of them.
public struct CheckpointsPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.checkpoints, title: "Checkpoints", place: .log)
    }

    /// How many are kept, and what is demanded of those that others may see.
    public var facts: [Fact]
    /// The checkpoints, the largest first.
    public var table: TableView
    /// The path of older ones; nil where there are none.
    public var olderPath: String?
    /// The path of the newest; nil on the first page.
    public var newestPath: String?

    /// A page of checkpoints.
    public init(facts: [Fact], table: TableView, olderPath: String?, newestPath: String?) {
        self.facts = facts
        self.table = table
        self.olderPath = olderPath
        self.newestPath = newestPath
    }
}

/// One checkpoint, with everything that was signed about it.
public struct CheckpointPage: Page, Codable {
    /// How the page is shown.
    public var presentation: Presentation {
        Presentation(.checkpoint, title: "Checkpoint over \(size) entries", place: .log)
    }

    /// The number of entries.
    public var size: UInt64
    /// Whether it has the cosignatures and timestamps that the log demands.
    public var vouched: Mark
    /// Root, the checkpoint before, what the controller says of its last entry.
    public var facts: [Fact]
    /// The signature lines.
    public var signatures: TableView
    /// The timestamps.
    public var stamps: TableView
    /// The note; nil where it may not be handed out yet.
    public var note: String?
    /// Why it is not there.
    public var noNote: String?
    /// The files, and proofs.
    public var links: [Link]
    /// The path of the checkpoint before; nil for the first.
    public var olderPath: String?
    /// The path of the newest; nil where this is it.
    public var newestPath: String?

    /// A checkpoint.
    public init(
        size: UInt64, vouched: Mark, facts: [Fact], signatures: TableView, stamps: TableView, note: String?,
        noNote: String?, links: [Link], olderPath: String?, newestPath: String?
    ) {
        self.size = size
        self.vouched = vouched
        self.facts = facts
        self.signatures = signatures
        self.stamps = stamps
        self.note = note
        self.noNote = noNote
        self.links = links
        self.olderPath = olderPath
        self.newestPath = newestPath
    }
}
