import LetheBytes
public import LetheCrypto
public import LetheRequests
import LetheStatements
import LetheStore

// How a policy changes, cut off anywhere:
// 1. The texts of the policy in force and of the next one are on the disk under their digests.
// 2. The append of the policy's event is the moment of change. It is refused where the log grew since everything was looked at.
// 3. policy.yaml is replaced. Where that did not happen, it still has the policy before and the next opening puts the text of 1 there.

/// A policy that has taken effect.
public struct PolicyAdoption: Sendable {
    /// The policy.
    public let policy: Policy
    /// The digest of the policy before.
    public let previous: Digest?
    /// The entry that says so.
    public let entry: UInt64
    /// The decisions that nobody can take yet: no key of their roles counts.
    public let undecidable: [DecisionKind]
}

extension Workspace {
    /// Adopts a policy in place of the one in force: one entry, signed by who may do so under the policy before.
    ///
    /// What was promised stays: requests keep their law and the deadlines in the log, runs and certificates the policy that they name,
    /// whose text is kept. Proposals made under the policy before lapse. This workspace object stays with that policy and writes nothing
    /// more; open it again.
    /// - Throws: `PolicyError`; `ServiceError.notPermitted`, `.unsupportedLevel`, `.adoptionRefused` where a run is under way, where the
    ///   policy is in force already, and where it would train models otherwise than those in the log were. Nothing was changed then.
    public func adopt(_ bytes: [UInt8], as actor: SigningKey? = nil) throws -> PolicyAdoption {
        let next = try Policy(yaml: bytes)
        guard next.verification.thresholds.alpha == Self.judgedLevel else {
            throw ServiceError.unsupportedLevel(
                found: next.verification.thresholds.alpha, expected: Self.judgedLevel)
        }
        let adoption = try whileTheLogStands { size in
            let authority = try authority(.adopt, of: actor)
            try requireAdoptable(next)
            let event = PolicyEvent(
                adopting: next, at: environment.now(), extra: try adoptions().last?.event.extra ?? [:])
            try keep(Files.read(paths.policy, limit: Policy.maximumFileSize + 1), of: policy)
            try keep(bytes, of: next)
            let signer: SigningKey? = if case .person(let actor) = authority { actor } else { nil }
            let entry = try record([.policy(event)], by: signer, expectedSize: size).lowerBound
            return PolicyAdoption(
                policy: next, previous: policy.digest, entry: entry, undecidable: try undecidable(under: next))
        }
        try Files.write(bytes, to: paths.policy)
        return adoption
    }

    private func requireAdoptable(_ next: Policy) throws {
        func refuse(_ problem: String) -> ServiceError { .adoptionRefused(problem: problem) }
        guard next.digest != policy.digest else { throw refuse("it is in force already, \(next.digest)") }
        for run in try store.runs() {
            switch run.stage {
            case .abandoned: continue
            case .verified:
                guard try certificates(of: run).isEmpty else { continue }
                throw refuse("run \(run.runID) is judged and not certified; lethe certify \(run.runID) first")
            case .candidateCommitted, .referenceSeedsDrawn, .referencesCommitted:
                throw refuse(
                    "run \(run.runID) is judged by the policy in force; lethe verify and lethe certify \(run.runID) first"
                )
            case .inputsCommitted, .seedsDrawn:
                throw refuse("run \(run.runID) is under way (\(run.stage.rawValue)); end it with lethe run first")
            }
        }
        guard try !store.registrations(PredicateType.modelEvent).isEmpty else { return }
        guard next.model == policy.model, next.training == policy.training else {
            throw refuse(
                "sections model and training must stay as they are: the models in the log were trained by them, and what they "
                    + "are compared with must be too")
        }
    }

    private func undecidable(under policy: Policy) throws -> [DecisionKind] {
        guard let rules = DecisionRules(policy) else { return [] }
        let (registrations, size) = (try keyRegistry().registrations.values, try store.size())
        return DecisionKind.allCases.filter { kind in
            registrations.filter { $0.isValid(at: size) && rules.permits($0.role, kind) }.count
                < (rules.needsTwo(kind) ? 2 : 1)
        }
    }

    // MARK: Texts

    private func keep(_ bytes: [UInt8], of policy: Policy) throws {
        let path = paths.keptPolicy(policy.digest.hex)
        guard try Policy(yaml: bytes).digest == policy.digest else {
            throw ServiceError.workspaceDamaged(file: paths.policy, problem: "changed while it was read")
        }
        // What is there under its digest is kept; anything else under its name is not it.
        if (try? keptPolicy(policy.digest)) != nil { return }
        try Files.createFolders(paths.policies)
        try Files.write(bytes, to: path)
    }

    /// A policy whose text was kept; nil where it was not.
    private func keptPolicy(_ digest: Digest) throws -> (policy: Policy, text: [UInt8])? {
        let path = paths.keptPolicy(digest.hex)
        guard Files.exists(path) else { return nil }
        let text = try Files.read(path, limit: Policy.maximumFileSize + 1)
        do {
            let policy = try Policy(yaml: text)
            guard policy.digest == digest else {
                throw ServiceError.workspaceDamaged(file: path, problem: "has the digest \(policy.digest)")
            }
            return (policy, text)
        } catch let error as PolicyError {
            throw ServiceError.workspaceDamaged(file: path, problem: "\(error)")
        }
    }

    /// The text of the policy of this digest: in force, or kept.
    /// - Throws: `ServiceError.policyChanged` where its text is not here.
    func policyText(_ digest: Digest) throws -> [UInt8] {
        if let kept = try keptPolicy(digest) { return kept.text }
        let text = try Files.read(paths.policy, limit: Policy.maximumFileSize + 1)
        let found = try Policy(yaml: text).digest
        guard found == digest else {
            throw ServiceError.policyChanged(file: paths.policy, expected: digest.hex, found: found.hex)
        }
        return text
    }

    /// The policy that a run began under.
    /// - Throws: `ServiceError.policyChanged` where its text is not here.
    func policy(of run: LetheRequests.RunRecord) throws -> Policy {
        guard case .inputsCommitted(let inputs)? = try step("inputs-committed", of: run), inputs.policy != policy.digest
        else { return policy }
        guard let kept = try keptPolicy(inputs.policy) else {
            throw ServiceError.policyChanged(
                file: paths.policy, expected: inputs.policy.hex, found: policy.digest.hex)
        }
        return kept.policy
    }

    // MARK: The log decides

    /// Every event by which a policy took effect, in order.
    func adoptions() throws -> [(event: PolicyEvent, index: UInt64)] {
        var adoptions: [(event: PolicyEvent, index: UInt64)] = []
        for entry in try store.registrations(PredicateType.policyEvent) {
            if case .policy(let event)? = try Self.event(entry.bytes) { adoptions.append((event, entry.index)) }
        }
        return adoptions
    }

    /// The workspace under the policy that the log says is in force: thresholds, deadlines and roles are those, whoever can write to the
    /// policy's file.
    ///
    /// - Parameter finishesAdoption: whether to put the policy's text in its place, where a process was cut off before it did.
    /// - Throws: `ServiceError.policyChanged` where the file has another policy, `.workspaceDamaged` where the log's entry does not have
    ///   the policy's rules.
    func underLoggedPolicy(finishesAdoption: Bool) throws -> Workspace {
        let adoptions = try adoptions()
        guard let last = adoptions.last else { return self }
        var workspace = self
        if policy.digest != last.event.digest {
            guard adoptions.dropLast().last?.event.digest == policy.digest,
                let kept = try keptPolicy(last.event.digest)
            else {
                throw ServiceError.policyChanged(
                    file: paths.policy, expected: last.event.digest.hex, found: policy.digest.hex)
            }
            if finishesAdoption { try Files.write(kept.text, to: paths.policy) }
            workspace = under(kept.policy)
        }
        guard last.event.rules == DecisionRules(workspace.policy) else {
            throw ServiceError.workspaceDamaged(
                file: paths.database, problem: "entry \(last.index) does not have the rules of the policy it adopts")
        }
        workspace.policyEntry = last.index
        return workspace
    }
}
