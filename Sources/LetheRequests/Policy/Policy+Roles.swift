import LetheBytes

/// The roles whose keys may decide. An auditor's may not, whatever a policy says, and is therefore none of them.
public enum DecidingRole: String, Sendable, Hashable, CaseIterable {
    /// A privacy officer.
    case officer
    /// An engineer of the recommender.
    case engineer
    /// Who administers the desk.
    case administrator
}

extension Policy {
    /// Section `roles`: who may take which decision, and which ones two persons must take. May be left out; then the controller's key
    /// alone decides, as for every policy before the section existed.
    public struct Roles: Sendable, Hashable {
        /// The roles that may take each decision, every decision among them.
        public let permitted: [DecisionKind: [DecidingRole]]
        /// The decisions that two different persons must sign.
        public let twoPersons: Set<DecisionKind>

        init(permitted: [DecisionKind: [DecidingRole]], twoPersons: Set<DecisionKind>) {
            self.permitted = permitted
            self.twoPersons = twoPersons
        }

        /// Who decides where the section does not say: officers about requests, engineers about runs, administrators about policies.
        static func usual(_ kind: DecisionKind) -> [DecidingRole] {
            switch kind {
            case .confirm, .doubt, .expire, .extend, .refuse, .withdraw, .duplicate, .shred: [.officer]
            case .run: [.engineer]
            case .adopt: [.administrator]
            }
        }
    }
}

/// Those decisions that section `roles.twoPersons` may name.
private enum SharedDecision: String, CaseIterable {
    case confirm, doubt, expire, extend, refuse, withdraw, duplicate, shred

    var kind: DecisionKind? { DecisionKind(rawValue: rawValue) }
}

extension Policy.Roles {
    init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        var permitted: [DecisionKind: [DecidingRole]] = [:]
        for kind in DecisionKind.allCases {
            let named = section.has(kind.rawValue) ? try section.choices(kind.rawValue, DecidingRole.self) : nil
            // In one order, so that the digest does not depend on the author's.
            permitted[kind] = named.map { named in DecidingRole.allCases.filter(named.contains) } ?? Self.usual(kind)
        }
        let shared =
            section.has("twoPersons") ? try section.choices("twoPersons", SharedDecision.self).compactMap(\.kind) : []
        self.init(permitted: permitted, twoPersons: Set(shared))
        try section.finish()
    }

    /// Every decision with its roles, defaults spelled out, and `twoPersons`.
    var json: JSONValue {
        .object(
            [
                "permitted": .object(
                    Dictionary(
                        uniqueKeysWithValues: permitted.map { kind, roles in
                            (kind.rawValue, .array(roles.map { .string($0.rawValue) }))
                        })),
                "twoPersons": .array(sharedInOrder.map { .string($0.rawValue) }),
            ])
    }

    private var sharedInOrder: [DecisionKind] { DecisionKind.allCases.filter(twoPersons.contains) }

    /// In plain words, a line a role.
    var explanation: [String] {
        var lines = [
            "Every decision is signed by the key of the person who takes it, and by the controller's; an auditor's key may take none:"
        ]
        for role in DecidingRole.allCases {
            let kinds = DecisionKind.allCases.filter { permitted[$0]?.contains(role) == true }
            if !kinds.isEmpty {
                lines.append("  \(role.rawValue): may \(kinds.map(\.words).joined(separator: ", ")).")
            }
        }
        lines.append(
            twoPersons.isEmpty
                ? "No decision needs two persons."
                : "Two persons, the second approving what the first proposes, must sign to "
                    + "\(sharedInOrder.map(\.words).joined(separator: "; to ")).")
        return lines
    }
}
