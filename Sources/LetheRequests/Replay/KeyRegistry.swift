public import LetheCrypto
import LetheStatements

/// Which key may sign what at which index, as the key events of a log say.
///
/// Root keys are trusted from outside. Everything else is registered by an event that a root key has signed. A key has one role, for
/// ever: who signs certificates never signs the test that they rest on, and no key comes back after its end.
public struct KeyRegistry: Sendable, Equatable {
    /// The origin that every key event must name.
    public let origin: String
    /// By key id.
    public private(set) var registrations: [String: Registration]
    /// Whether a rotation needs the new key's signature: the log's first entry says so, or a rotation before had it.
    ///
    /// The logs of the first version neither say so nor have it; without this, they would no longer verify. The writer has always signed
    /// since, and no log goes back.
    public private(set) var requiresPossession = false

    /// What is known of one key.
    public struct Registration: Sendable, Equatable {
        /// The key.
        public let key: VerifyingKey
        /// What it may sign.
        public let role: KeyRole
        /// The first index that it may sign.
        public let validFrom: UInt64
        /// The first index that it may no longer sign.
        public internal(set) var validUntil: UInt64?
        /// The index from which somebody else had it, as a later entry says; what it signed before needs an independent witness.
        public internal(set) var compromisedFrom: UInt64?

        /// Whether it may sign the entry at `index`.
        public func isValid(at index: UInt64) -> Bool { index >= validFrom && validUntil.map { index < $0 } ?? true }
    }

    /// The registry of the empty log `origin`.
    public init(origin: String, trustedRoots: [VerifyingKey]) {
        self.origin = origin
        registrations = [:]
        for key in trustedRoots {
            registrations[key.keyID] = Registration(key: key, role: .root, validFrom: 0, validUntil: nil)
        }
    }

    /// The keys that may sign as `role` at `index`.
    public func keys(_ role: KeyRole, at index: UInt64) -> [VerifyingKey] {
        registrations.values.filter { $0.role == role && $0.isValid(at: index) }.map(\.key)
            .sorted { $0.keyID < $1.keyID }
    }

    /// Every key that may sign something at `index`.
    public func keys(at index: UInt64) -> [VerifyingKey] {
        registrations.values.filter { $0.isValid(at: index) }.map(\.key).sorted { $0.keyID < $1.keyID }
    }

    /// Every key whose signature counts on the entry of `event` at `index`: those that may sign there, and the new key of a rotation.
    public func keys(at index: UInt64, signing event: KeyEvent) -> [VerifyingKey] {
        guard let successor = event.successor, registrations[successor.keyID] == nil else { return keys(at: index) }
        return keys(at: index) + [successor]
    }

    /// Whether `keys(at:)` has the key or, of a key event's entry, `keys(at:signing:)`.
    public func counts(_ key: VerifyingKey, at index: UInt64, signing event: KeyEvent?) -> Bool {
        registrations[key.keyID]?.isValid(at: index) ?? (event?.successor == key)
    }

    /// Who must sign statements of `predicateType`; nil for a type that has no place in the log.
    public static func role(for predicateType: String) -> KeyRole? {
        switch predicateType {
        case PredicateType.keyEvent: .root
        case PredicateType.testResult: .verifier
        case PredicateType.requestEvent, PredicateType.runEvent, PredicateType.modelEvent, PredicateType.policyEvent,
            PredicateType.shredEvent, PredicateType.notificationEvent, PredicateType.unlearningCertificate,
            PredicateType.auditReport:
            .controller
        default: nil
        }
    }

    /// Applies the key event of the entry at `index`, whose valid signers among `keys(at:signing:)` are `signers`.
    /// - Throws: `KeyEventError`; the registry is unchanged then.
    public mutating func apply(
        _ event: KeyEvent, at index: UInt64, signers: [VerifyingKey]
    ) throws(KeyEventError) {
        guard event.origin == origin else { throw .wrongOrigin(expected: origin) }
        guard keys(.root, at: index).contains(where: signers.contains) else { throw .notSignedByRoot }
        let known = registrations[event.key.keyID]
        switch event.change {
        case .add(let validFrom):
            guard validFrom >= index else { throw .backdated(expected: index, found: validFrom) }
            if let known {
                // The root key that starts a log registers itself: everybody who reads the log sees it.
                guard known.role == event.role else { throw .keyHasRole(known.role) }
                guard known.role == .root, known.validFrom == 0 else { throw .keyExists }
                requiresPossession = requiresPossession || event.requiresPossession
                return
            }
            registrations[event.key.keyID] = Registration(
                key: event.key, role: event.role, validFrom: validFrom, validUntil: nil)
        case .rotate(let replaces, let validFrom):
            guard validFrom >= index else { throw .backdated(expected: index, found: validFrom) }
            if let known { throw known.role == event.role ? .keyExists : .keyHasRole(known.role) }
            guard let old = registrations[replaces], old.role == event.role, old.isValid(at: index) else {
                throw .unknownKey
            }
            guard signers.contains(old.key) else { throw .notSignedByOldKey }
            let isProven = signers.contains(event.key)
            guard isProven || !requiresPossession else { throw .notSignedByNewKey }
            requiresPossession = isProven
            registrations[replaces]?.validUntil = validFrom
            registrations[event.key.keyID] = Registration(
                key: event.key, role: event.role, validFrom: validFrom, validUntil: nil)
        case .revoke(let validUntil):
            guard validUntil >= index else { throw .backdated(expected: index, found: validUntil) }
            guard let known, known.role == event.role, known.isValid(at: index) else { throw .unknownKey }
            registrations[event.key.keyID]?.validUntil = validUntil
        case .compromise(let from):
            // Also of a key that was replaced long ago; a later event can only move the moment back.
            guard from <= index else { throw .notYet(expected: index, found: from) }
            guard let known, known.role == event.role else { throw .unknownKey }
            guard known.compromisedFrom.map({ from < $0 }) ?? true else { throw .keyExists }
            registrations[event.key.keyID]?.compromisedFrom = from
            registrations[event.key.keyID]?.validUntil = min(known.validUntil ?? from, from)
        }
    }
}

/// Why a key event does not take effect.
public enum KeyEventError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The event belongs to another log.
    case wrongOrigin(expected: String)
    /// No valid root key has signed it.
    case notSignedByRoot
    /// The key that is replaced has not signed it.
    case notSignedByOldKey
    /// The key that takes over has not signed it: nobody has shown to hold it.
    case notSignedByNewKey
    /// The key has a registration.
    case keyExists
    /// The key is registered for something else; no key has two roles.
    case keyHasRole(KeyRole)
    /// The key to replace or revoke is not valid, or has another role.
    case unknownKey
    /// It would take effect before its own entry.
    case backdated(expected: UInt64, found: UInt64)
    /// A compromise that lies in the future.
    case notYet(expected: UInt64, found: UInt64)

    /// One line with expected and found.
    public var description: String {
        switch self {
        case .wrongOrigin(let expected): "key event: origin: expected \(expected), found another"
        case .notSignedByRoot: "key event: expected a signature by a valid root key, found none"
        case .notSignedByOldKey: "key event: expected a signature by the key that is replaced, found none"
        case .notSignedByNewKey: "key event: expected a signature by the key that takes over, found none"
        case .keyExists: "key event: expected a new key, found one that was registered before"
        case .keyHasRole(let role):
            "key event: expected a key with one role, found one that is registered as \(role.rawValue)"
        case .unknownKey: "key event: expected a valid key of this role to replace or revoke, found none"
        case .backdated(let expected, let found):
            "key event: expected to take effect at index \(expected) or later, found \(found)"
        case .notYet(let expected, let found):
            "key event: expected a compromise from index \(expected) or earlier, found \(found)"
        }
    }
}
