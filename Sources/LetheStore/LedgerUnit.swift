public import LetheCrypto
import LetheLog
public import LetheRequests

/// One entry that is ready to be appended: its bytes, its leaf hash, and what it says.
public struct LedgerEntry: Sendable {
    /// The bytes that are logged.
    public let bytes: [UInt8]
    let leafHash: Digest
    /// The event, nil for certificates, test results and reports.
    let event: LedgerEvent?

    /// Takes bytes that must be a canonical envelope over a statement of the log.
    /// - Throws: why the log does not take them.
    public init(_ bytes: [UInt8]) throws(EntryRefusal) {
        event = try EntryContent(bytes).event
        self.bytes = bytes
        leafHash = MerkleTree.leafHash(bytes)
    }

    /// Signs an event, whose bytes are then canonical by construction and are not read again.
    /// - Throws: `.event` where a value is not allowed in the log.
    public init(signing event: LedgerEvent, with keys: [SigningKey]) throws(EntryRefusal) {
        do { bytes = try event.sign(with: keys) } catch { throw .event(error) }
        self.event = event
        leafHash = MerkleTree.leafHash(bytes)
    }
}

/// Entries that are appended together or not at all, with the personal data of the receipts among them.
///
/// An append takes any number of units: each is accepted or refused for itself, and all that are accepted become durable in
/// one transaction, under one checkpoint.
public struct LedgerUnit: Sendable {
    /// The entries, in order.
    public let entries: [LedgerEntry]
    let vault: [SealedVaultItem]

    var events: [LedgerEvent?] { entries.map(\.event) }

    /// Entries with the sealed personal data of every receipt among them.
    public init(entries: [LedgerEntry], vault: [SealedVaultItem] = []) {
        self.entries = entries
        self.vault = vault
    }
}

/// What became of a unit.
public enum UnitOutcome: Sendable {
    /// It is durable, at these indexes; the requests it concerned stand like this afterwards.
    case appended(Range<UInt64>, requests: [RequestRecord])
    /// Nothing of it was written.
    case refused(StoreError)
}
