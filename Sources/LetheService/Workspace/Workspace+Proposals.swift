import LetheBytes
public import LetheCrypto
public import LetheRequests
import LetheStatements
import LetheStore

// A proposal is one file, named by its request, that is there whole or not at all; of a request there is one. It says nothing that the
// log does not say, and decides nothing: whatever it holds is looked at again when somebody approves it. It is removed after the entry is
// in the log; cut off in between, it lapses, because the request has moved on.

/// A proposal, and whether it can still be approved.
public struct KeptProposal: Sendable {
    /// The proposal.
    public let proposal: Proposal
    /// Why it cannot be approved any more; nil where it waits.
    public let lapse: String?
}

extension Workspace {
    /// The decisions that wait for a second person, and those that have lapsed, by request.
    /// - Throws: `ServiceError.workspaceDamaged`; the machine's failures.
    public func proposals() throws -> [KeptProposal] {
        guard Files.exists(paths.proposals) else { return [] }
        return try Files.names(in: paths.proposals).sorted().compactMap { name in
            guard name.hasSuffix(".json"), let id = RequestID(String(name.dropLast(5))),
                let proposal = try keptProposal(id.text)
            else { return nil }
            return KeptProposal(proposal: proposal, lapse: try lapse(of: proposal))
        }
    }

    /// A second person agrees: the decision is taken, at this moment, in one entry with both signatures.
    /// - Returns: what was decided, and the request as it stands afterwards.
    /// - Throws: `ServiceError.proposalRefused` where there is none, where it has lapsed and where the first person would be the second,
    ///   `.notPermitted`; nothing was changed then.
    @discardableResult
    public func approve(_ id: String, as actor: SigningKey) throws -> (kind: DecisionKind, request: RequestRecord) {
        let proposal = try waitingProposal(id)
        _ = try authority(proposal.kind, of: actor)
        guard actor.publicKey.keyID != proposal.proposer else {
            throw ServiceError.proposalRefused(
                request: id, problem: "expected a second person's key, found the one that has proposed it")
        }
        try whileTheLogStands { size in
            let event = try entry(of: proposal)
            _ = try authority(proposal.kind, of: actor)
            try record([event], by: actor, expectedSize: size)
        }
        try Files.remove(paths.proposal(id))
        return (proposal.kind, try request(id))
    }

    /// Turns a proposal down, also a lapsed one: who might take the decision may, the person who proposed it included. Nothing is logged,
    /// because nothing was decided; the desk keeps who turned down what and when, under that person's signature.
    /// - Throws: `ServiceError.proposalRefused` where there is none, `.notPermitted`.
    @discardableResult
    public func reject(_ id: String, as actor: SigningKey) throws -> Rejection {
        let proposal = try waitingProposal(id)
        _ = try authority(proposal.kind, of: actor)
        let rejection = try Rejection(of: proposal, at: environment.now(), signedBy: actor)
        try Files.createFolders(paths.rejections)
        // Kept before the proposal goes: cut off in between, rejecting it again writes the same file.
        let name = "\(id)-\(rejection.proposal.hex.prefix(16)).json"
        try Files.write(rejection.envelope.canonicalBytes, to: Files.join(paths.rejections, name))
        try Files.remove(paths.proposal(id))
        return rejection
    }

    /// The proposals that were turned down, in the order of time.
    /// - Throws: `ServiceError.workspaceDamaged` where a file is none that `reject` wrote, or not signed by the key that it names.
    public func rejections() throws -> [Rejection] {
        guard Files.exists(paths.rejections) else { return [] }
        let known = try keyRegistry().registrations
        return try Files.names(in: paths.rejections).filter { $0.hasSuffix(".json") }.map { name in
            let path = Files.join(paths.rejections, name)
            let rejection: Rejection
            do {
                rejection = try Rejection(parsing: Files.read(path, limit: Rejection.maximumByteCount))
            } catch let error as EventError {
                throw ServiceError.workspaceDamaged(
                    file: path, problem: "expected a rejected proposal, found: \(error)")
            }
            guard let key = known[rejection.rejecter]?.key, rejection.isSigned(by: key) else {
                throw ServiceError.workspaceDamaged(
                    file: path, problem: "expected the signature of key \(rejection.rejecter), found another")
            }
            return rejection
        }.sorted { ($0.at, $0.requestID) < ($1.at, $1.requestID) }
    }

    /// Keeps a proposal, unless another about the same request waits.
    func keep(_ proposal: Proposal) throws {
        let id = proposal.requestID.text
        let path = paths.proposal(id)
        if let other = try keptProposal(id) {
            guard try lapse(of: other) != nil else { throw waits(id, other) }
            try Files.remove(path)
        }
        try Files.createFolders(paths.proposals)
        var generator = SecureGenerator()
        let draft = Files.join(paths.proposals, ".\(RequestID.random(using: &generator).text).draft")
        try Files.write(proposal.envelope.canonicalBytes, to: draft)
        defer { try? Files.remove(draft) }
        do {
            try Files.link(draft, to: path)
        } catch FileError.alreadyExists {
            // Another person was faster.
            throw ServiceError.proposalRefused(
                request: id, problem: "another one waits: lethe request approve or reject \(id)")
        }
        try Files.synchronizeFolder(paths.proposals)
    }

    private func waits(_ id: String, _ other: Proposal) -> ServiceError {
        .proposalRefused(
            request: id,
            problem:
                "one to \(other.kind.rawValue), by key \(other.proposer), waits: lethe request approve or reject \(id)")
    }

    private func waitingProposal(_ id: String) throws -> Proposal {
        guard RequestID(id) != nil, let proposal = try keptProposal(id) else {
            throw ServiceError.proposalRefused(request: id, problem: "there is none")
        }
        return proposal
    }

    private func keptProposal(_ id: String) throws -> Proposal? {
        let path = paths.proposal(id)
        guard Files.exists(path) else { return nil }
        let proposal: Proposal
        do {
            proposal = try Proposal(parsing: try Files.read(path, limit: Proposal.maximumByteCount))
        } catch let error as EventError {
            throw ServiceError.workspaceDamaged(
                file: path, problem: "expected a proposal, found: \(error); remove the file and propose again")
        }
        guard proposal.requestID.text == id else {
            throw ServiceError.workspaceDamaged(
                file: path, problem: "expected a proposal about request \(id), found one about \(proposal.requestID)")
        }
        return proposal
    }

    /// Why a proposal can no longer be approved; nil where it can.
    private func lapse(of proposal: Proposal) throws -> String? {
        do {
            _ = try entry(of: proposal)
            return nil
        } catch ServiceError.proposalRefused(_, let problem) {
            return problem
        } catch let error as DecisionError {
            return "\(error)"
        } catch let error as ServiceError {
            return "\(error)"
        }
    }

    /// The event that a second person would sign now.
    /// - Throws: `ServiceError.proposalRefused` where the proposal has lapsed; `DecisionError` and the like where the decision is no longer
    ///   possible.
    private func entry(of proposal: Proposal) throws -> LedgerEvent {
        let id = proposal.requestID.text
        func lapsed(_ problem: String) -> ServiceError {
            .proposalRefused(request: id, problem: "it has lapsed: \(problem)")
        }
        guard let rules = DecisionRules(policy), rules.needsTwo(proposal.kind) else {
            throw lapsed("the policy in force does not ask for two persons")
        }
        let record = try request(id)
        guard record.lastIndex == proposal.asOf else {
            throw lapsed(
                "the request has moved on since entry \(proposal.asOf), with entry \(record.lastIndex), to \(record.state.name)"
            )
        }
        do { try requireProposer(of: proposal, rules) } catch let error as ServiceError { throw lapsed("\(error)") }
        guard environment.now() >= proposal.at else { throw lapsed("it was made at \(proposal.at), which is to come") }
        let event: LedgerEvent
        switch proposal.event {
        case .request(let proposed):
            guard case .changed(let change, _) = proposed.kind else { throw lapsed("it is no decision") }
            var naming: SubjectIdentity?
            if let commitment = proposed.namedSubject {
                naming = try noted(commitment, of: record)
                guard naming != nil else { throw lapsed("the vault does not know whom it names") }
            }
            event = .request(
                try decision(
                    change, about: record, evidence: Self.evidence(proposed.extra["identity"]), naming: naming))
        case .shred: event = .shred(try destruction(of: record))
        default: throw lapsed("it is no decision about a request")
        }
        guard let approved = proposal.approved(as: event) else {
            throw lapsed("another policy is in force than when it was made")
        }
        return approved
    }

    private func requireProposer(of proposal: Proposal, _ rules: DecisionRules) throws {
        guard let known = try keyRegistry().registrations[proposal.proposer], proposal.isSigned(by: known.key) else {
            throw ServiceError.notPermitted(
                decision: proposal.kind.rawValue, problem: "its signature is by no key that the log knows")
        }
        try requirePermitted(known.key, proposal.kind, rules)
    }

    private static func evidence(_ json: JSONValue?) throws -> IdentityProof? {
        guard let json else { return nil }
        let fields = JSONFields(json)
        return IdentityProof(
            level: try fields.member("level").oneOf(IdentityLevel.self),
            method: try fields.member("method").oneOf(IdentityMethod.self))
    }
}
