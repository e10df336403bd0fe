import LetheCrypto
import LetheRequests
import LetheStore

extension Workspace {
    /// Whose signature a decision needs, and has.
    enum Authority {
        /// The policy has no section `roles`: the controller's key decides.
        case controller
        /// One person's.
        case person(SigningKey)
        /// Two persons': this one proposes.
        case proposer(SigningKey)
    }

    /// Whose signature a decision needs, where `actor` asks for it.
    /// - Throws: `ServiceError.notPermitted`.
    func authority(_ kind: DecisionKind, of actor: SigningKey?) throws -> Authority {
        guard let rules = DecisionRules(policy) else {
            guard actor == nil else {
                throw ServiceError.notPermitted(
                    decision: kind.rawValue,
                    problem: "the policy has no section roles, so no person signs decisions; leave out --as")
            }
            return .controller
        }
        guard let actor else {
            throw ServiceError.notPermitted(
                decision: kind.rawValue,
                problem: "expected the key of who decides, \(rules.deciders(kind)) (--as FILE), found none")
        }
        try requirePermitted(actor.publicKey, kind, rules)
        return rules.needsTwo(kind) ? .proposer(actor) : .person(actor)
    }

    /// The log must have registered the key, as valid for the next entry, with a role that may take the decision.
    func requirePermitted(_ key: VerifyingKey, _ kind: DecisionKind, _ rules: DecisionRules) throws {
        func refusal(_ found: String) -> ServiceError {
            .notPermitted(
                decision: kind.rawValue, problem: "expected a key of role \(rules.deciders(kind)), found \(found)")
        }
        guard let known = try keyRegistry().registrations[key.keyID] else {
            throw refusal("key \(key.keyID), which the log does not know; lethe key register --role does that")
        }
        guard known.isValid(at: try store.size()) else {
            throw refusal("the \(known.role.rawValue) key \(key.keyID), which does not count now")
        }
        guard rules.permits(known.role, kind) else { throw refusal("the \(known.role.rawValue) key \(key.keyID)") }
    }

    /// Records a decision that one person can take; `event` is made anew where another process came between.
    func recordDecision(by actor: SigningKey?, _ event: () throws -> LedgerEvent) throws {
        try whileTheLogStands { size in
            let event = try event()
            guard let kind = DecisionKind(event) else { return }
            switch try authority(kind, of: actor) {
            case .controller: try record([event])
            case .person(let actor): try record([event], by: actor, expectedSize: size)
            case .proposer:
                throw ServiceError.notPermitted(
                    decision: kind.rawValue, problem: "the policy asks for two persons, which this decision cannot have"
                )
            }
        }
    }

    /// Runs `body` with the size of the log, again where another process has appended before what `body` appends at that size: then
    /// everything is looked at again, keys and other requests too.
    func whileTheLogStands<Value>(_ body: (UInt64) throws -> Value) throws -> Value {
        while true {
            do { return try body(store.size()) } catch StoreError.sizeChanged { continue }
        }
    }
}
