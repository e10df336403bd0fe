import LetheBytes
import LetheCertificates
public import LetheCrypto
import LetheLog
public import LetheRequests
import LetheStore

// Invariants of this file:
// 1. A new private key is on the disk before the log hears of it; the append is the moment of change; what follows (archive, trust file,
//    rename) can be repeated by whoever opens the workspace next.
// 2. Every key event is tried against the registry before it is logged; an event that would not take effect is not logged.
// 3. The private key of a role always belongs to a key that the log knows as valid.

/// What became of the keys of a workspace.
public struct KeyChange: Sendable, Equatable {
    /// What the key may sign.
    public let role: KeyRole
    /// The key that was added; nil where one ended without a successor.
    public let added: VerifyingKey?
    /// The key that ended.
    public let ended: VerifyingKey?
    /// The entries of the key events.
    public let entries: Range<UInt64>
}

extension Workspace {
    /// Whether the root key, which signs every change of keys, is in the workspace and not on a shelf.
    public var hasRootKey: Bool { Files.exists(paths.key("root")) }

    /// The number of entries in the log: the index that the next one gets.
    public func entryCount() throws -> UInt64 { try store.size() }

    /// Replaces the workspace's own key of a role by a new one; the root key, the old key and the new key sign the event.
    ///
    /// Where the log's key changes, the checkpoint over the event carries both signatures. The trust file lists old and new key with
    /// the entries for which each counts, so certificates issued before keep verifying.
    /// - Throws: `ServiceError.noKeyOfRole`, `.verdictOpen`; nothing was changed then.
    @discardableResult
    public func rotateKey(_ role: KeyRole) throws -> KeyChange {
        guard let name = WorkspaceKeys.name(of: role) else { throw ServiceError.noKeyOfRole(role: role.rawValue) }
        if role == .verifier { try requireNoOpenVerdict() }
        let size = try store.size()
        let old = try keys.key(name)
        let new = SigningKey.generate()
        let event = KeyEvent(
            .rotate(replaces: old.publicKey.keyID, validFrom: size + 1), key: new.publicKey, role: role,
            origin: origin, at: environment.now())
        let signers = role == .root ? [old, new] : [try keys.root, old, new]
        let note =
            role == .log
            ? try keys.noteSigner(origin: origin).jointly(with: NoteSigner(name: origin, key: new))
            : try keys.noteSigner(origin: origin)
        let entries = try change([(event, signers)], at: size, installing: (new, name, old.publicKey.keyID), note)
        return KeyChange(role: role, added: new.publicKey, ended: old.publicKey, entries: entries)
    }

    /// Ends a key; where it is the workspace's own, a new one takes its place in the same transaction.
    ///
    /// Without `compromisedFrom` the key ends here. With it, somebody else had the key from that entry on: nothing it signed from
    /// there on counts, and what it signed before counts only under a checkpoint of at most that size which a witness cosigned.
    /// - Throws: `ServiceError.unknownKey`, `.keyChangeRefused`, `.verdictOpen`; nothing was changed then.
    @discardableResult
    public func revokeKey(_ keyID: String, compromisedFrom: UInt64? = nil) throws -> KeyChange {
        let size = try store.size()
        guard let known = try keyRegistry().registrations[keyID] else { throw ServiceError.unknownKey(keyID: keyID) }
        guard known.role != .root else {
            throw ServiceError.keyChangeRefused(
                reason:
                    "the root key cannot revoke itself: rotate it; where it was stolen, start a log with a new origin")
        }
        if known.role == .verifier, compromisedFrom == nil { try requireNoOpenVerdict() }
        let now = environment.now()
        let root = try keys.root
        let end = KeyEvent(
            compromisedFrom.map { .compromise(from: $0) } ?? .revoke(validUntil: size + 1), key: known.key,
            role: known.role, origin: origin, at: now)
        guard let name = WorkspaceKeys.name(of: known.role), try keys.key(name).publicKey == known.key else {
            let entries = try change(
                [(end, [root])], at: size, installing: nil, try keys.noteSigner(origin: origin))
            return KeyChange(role: known.role, added: nil, ended: known.key, entries: entries)
        }
        let new = SigningKey.generate()
        let start = KeyEvent(
            .add(validFrom: size + 2), key: new.publicKey, role: known.role, origin: origin, at: now)
        let note =
            try known.role == .log ? NoteSigner(name: origin, key: new) : keys.noteSigner(origin: origin)
        let entries = try change(
            [(end, [root]), (start, [root])], at: size, installing: (new, name, keyID), note)
        return KeyChange(role: known.role, added: new.publicKey, ended: known.key, entries: entries)
    }

    /// Lets the log know a key that belongs to somebody else: an agent that sends requests, a witness, a second controller or verifier.
    /// - Throws: `ServiceError.keyChangeRefused`, among others where the key has another role already.
    @discardableResult
    public func registerKey(_ key: VerifyingKey, as role: KeyRole) throws -> KeyChange {
        guard role != .root, role != .log else {
            throw ServiceError.keyChangeRefused(
                reason:
                    "a second \(role.rawValue) key is not registered but takes over: lethe key rotate \(role.rawValue)")
        }
        let size = try store.size()
        let event = KeyEvent(.add(validFrom: size + 1), key: key, role: role, origin: origin, at: environment.now())
        let entries = try change(
            [(event, [try keys.root])], at: size, installing: nil, try keys.noteSigner(origin: origin))
        return KeyChange(role: role, added: key, ended: nil, entries: entries)
    }

    /// The files of new keys that the log has not heard of: left by a change that was cut off before it took effect, or of one under way.
    public func unusedKeys() throws -> [String] {
        let known = try keyRegistry().registrations
        return try WorkspaceKeys.pending(paths).filter { known[$0.keyID] == nil }
            .map { Files.join(paths.pendingKeys, $0.fileName) }
    }

    /// Ends what a process that was cut off has begun: keys that the log knows are put in their places.
    func finishKeyChanges() throws {
        let waiting = try WorkspaceKeys.pending(paths)
        guard !waiting.isEmpty else { return }
        let known = try keyRegistry().registrations
        for pending in waiting where known[pending.keyID] != nil {
            try publishTrust()
            try WorkspaceKeys.install(pending, in: paths)
        }
    }

    /// Logs key events; `installing` is the new private key, the name of its file and the key that it replaces.
    private func change(
        _ events: [(event: KeyEvent, signers: [SigningKey])], at size: UInt64,
        installing new: (key: SigningKey, name: String, replaces: String)?, _ signer: NoteSigner
    ) throws -> Range<UInt64> {
        var registry = try keyRegistry()
        for (offset, (event, signers)) in events.enumerated() {
            do {
                try registry.apply(event, at: size + UInt64(offset), signers: signers.map(\.publicKey))
            } catch {
                throw ServiceError.keyChangeRefused(reason: "\(error)")
            }
        }
        let entries = try events.map { try LedgerEvent.key($0.event).sign(with: $0.signers) }
        let pending = try new.map { try keys.prepare($0.key, as: $0.name, replacing: $0.replaces) }
        let indexes: Range<UInt64>
        do {
            indexes = try store.append(entries: entries, expectedSize: size, signer: signer).indexes
        } catch {
            // Only where the log certainly has not heard of the key is it taken back; else the next opening decides.
            if let pending, let known = try? keyRegistry(), known.registrations[pending.keyID] == nil {
                try? keys.discard(pending)
            }
            throw error
        }
        try finishKeyChanges()
        if new == nil { try publishTrust() }
        try keys.reload()
        return indexes
    }

    /// Writes the trust file anew with every key that the log knows and the entries for which it counts; the newest first.
    private func publishTrust() throws {
        let registrations = try registeredKeys().reversed()
        func keys(_ role: KeyRole) -> [VerifyingKey] { registrations.filter { $0.role == role }.map(\.key) }
        var validity: [VerifyingKey: KeyValidity] = [:]
        for known in registrations {
            validity[known.key] = KeyValidity(
                from: known.validFrom, until: known.validUntil, isCompromised: known.compromisedFrom != nil)
        }
        let trust = try trust().replacing(
            controllers: keys(.controller), verifiers: keys(.verifier), logs: keys(.log), validity: validity)
        try Files.write(Array(trust.text.utf8), to: paths.trust)
    }

    /// A test result and the certificates that rest on it must be signed while the verifier's key counts.
    private func requireNoOpenVerdict() throws {
        for run in try store.runs() where run.stage == .verified {
            let isOpen = try certificates(of: run).isEmpty && !requestsToCertify(run.runID).isEmpty
            if isOpen { throw ServiceError.verdictOpen(run: run.runID.text) }
        }
    }
}
