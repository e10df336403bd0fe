import LetheBytes
public import LetheCrypto
import LetheStatements

/// Whether every decision of a log was signed by persons who might take it, under the policy in force at its entry. A pure fold over all
/// entries in order; it needs no policy's text, because the policies' events carry their rules.
///
/// Not decisions are what follows by itself: that a request which brings the proof the policy asks for goes on, that one which brings
/// less is asked for better, that one of a person whose first is being handled ends as its duplicate (each right after the receipt), and
/// that keys are destroyed with the fulfilment, where the policy says so.
public struct DecisionJudge: Sendable {
    /// The rules of the policy in force; nil as long as the controller's key alone decides.
    public private(set) var rules: DecisionRules?
    private var policy: Digest?
    /// The receipt that the entry before was, and the level of its proof.
    private var received: (request: RequestID, level: IdentityLevel, index: UInt64)?
    /// The requests fulfilled since the last certificate: those whose keys may be destroyed without anybody's decision.
    private var fulfilled: Set<RequestID> = []

    /// What is wrong with a decision.
    public struct Fault: Error, Equatable, Sendable {
        /// The part of the entry.
        public let field: String
        /// What it must be.
        public let expected: String
        /// What it is.
        public let found: String
    }

    /// A judge at the beginning of a log.
    public init() {}

    /// Takes note that a certificate was issued.
    public mutating func noteCertificate() { fulfilled = [] }

    /// Judges the event of the entry at `index` and takes note of it.
    ///
    /// - Parameters:
    ///   - signers: the keys whose signatures on the entry are valid and count there.
    ///   - keys: what the entries before have registered.
    ///   - request: the request that the event is about, as it stood before; nil where that is not known, which the rules pass over.
    ///   - checksSignatures: false to believe what a proposal says of its signer.
    /// - Returns: what is wrong; nil where nothing is.
    public mutating func judge(
        _ event: LedgerEvent, at index: UInt64, signers: [VerifyingKey], keys: KeyRegistry, request: RequestRecord?,
        checksSignatures: Bool = true
    ) -> Fault? {
        defer { follow(event, at: index) }
        guard let rules, let kind = DecisionKind(event), !followsByItself(event, rules, at: index, request) else {
            return nil
        }
        do throws(Fault) {
            try requirePolicy(of: event)
            try requirePersons(
                for: event, kind, rules, at: index, signers: signers, keys: keys, request: request,
                checksSignatures: checksSignatures)
            return nil
        } catch { return error }
    }

    private mutating func follow(_ event: LedgerEvent, at index: UInt64) {
        switch event {
        case .policy(let event):
            rules = event.rules
            policy = event.digest
        case .request(let event):
            switch event.kind {
            case .received(let receipt): received = (event.requestID, receipt.identity.level, index)
            case .changed(.fulfilled, _), .changed(.nothingHeld, _):
                if rules?.shredsAfterFulfilment == true { fulfilled.insert(event.requestID) }
            case .changed: break
            }
        default: break
        }
    }

    /// Whether the event is a consequence that nobody decides on.
    private func followsByItself(
        _ event: LedgerEvent, _ rules: DecisionRules, at index: UInt64, _ request: RequestRecord?
    ) -> Bool {
        switch event {
        case .request(let event):
            guard let received, received.request == event.requestID, received.index + 1 == index,
                case .changed(let change, _) = event.kind
            else { return false }
            return switch change {
            case .identityConfirmed: received.level >= rules.identityLevel
            case .identityDoubted: received.level < rules.identityLevel
            case .foundDuplicate: true
            default: false
            }
        case .shred(let event):
            guard rules.shredsAfterFulfilment else { return false }
            if fulfilled.contains(event.requestID) { return true }
            if case .duplicate(let original)? = request?.state { return fulfilled.contains(original) }
            return false
        default: return false
        }
    }

    /// A decision names the policy that allowed it, and that is the one in force.
    private func requirePolicy(of event: LedgerEvent) throws(Fault) {
        let named: String?
        switch event {
        case .policy: return
        case .run(let event):
            guard case .inputsCommitted(let inputs) = event.step else { return }
            named = inputs.policy.hex
        default: named = event.extra["policy"]?.stringValue
        }
        guard let policy, named == policy.hex else {
            throw Fault(
                field: "policy", expected: policy.map { "\($0), the policy in force" } ?? "a policy in force",
                found: named ?? "none")
        }
    }

    private func requirePersons(
        for event: LedgerEvent, _ kind: DecisionKind, _ rules: DecisionRules, at index: UInt64,
        signers: [VerifyingKey], keys: KeyRegistry, request: RequestRecord?, checksSignatures: Bool
    ) throws(Fault) {
        let wanted = "\(rules.deciders(kind)) key, who may \(kind.words)"
        var persons: Set<String> = []
        for key in signers {
            guard let role = keys.registrations[key.keyID]?.role, role.isPerson else { continue }
            guard rules.permits(role, kind) else {
                throw Fault(
                    field: "signature", expected: "one by a valid \(wanted)",
                    found: "one by the \(role.rawValue) key \(key.keyID)")
            }
            persons.insert(key.keyID)
        }
        guard !persons.isEmpty else {
            throw Fault(field: "signature", expected: "one by a valid \(wanted)", found: "none by such a key")
        }
        guard rules.needsTwo(kind) else { return }
        if let first = try proposer(
            of: event, kind, rules, at: index, keys: keys, request: request, checksSignatures: checksSignatures)
        {
            persons.insert(first)
        }
        guard persons.count >= 2 else {
            throw Fault(
                field: "signatures", expected: "two, each by another valid \(wanted)",
                found: "one, by key \(persons.first ?? "")")
        }
    }

    /// The key that proposed the decision; nil where the entry carries no proposal.
    private func proposer(
        of event: LedgerEvent, _ kind: DecisionKind, _ rules: DecisionRules, at index: UInt64, keys: KeyRegistry,
        request: RequestRecord?, checksSignatures: Bool
    ) throws(Fault) -> String? {
        func fault(_ expected: String, _ found: String) -> Fault {
            Fault(field: "proposal", expected: expected, found: found)
        }
        let carried: Proposal?
        do { carried = try Proposal(carriedBy: event) } catch { throw fault("a first person's signature", "\(error)") }
        guard let proposal = carried else { return nil }
        let wanted = "a valid signature by a \(rules.deciders(kind)) key"
        guard let known = keys.registrations[proposal.proposer], known.isValid(at: index),
            rules.permits(known.role, kind)
        else { throw fault(wanted, "one by key \(proposal.proposer), which may not") }
        guard !checksSignatures || proposal.isSigned(by: known.key) else {
            throw fault(wanted, "one by key \(proposal.proposer) over something else")
        }
        if let request, request.lastIndex != proposal.asOf {
            throw fault(
                "one made when entry \(request.lastIndex) was the request's last", "one as of entry \(proposal.asOf)")
        }
        guard proposal.at <= event.at else { throw fault("a time not after \(event.at)", "\(proposal.at)") }
        return proposal.proposer
    }
}
