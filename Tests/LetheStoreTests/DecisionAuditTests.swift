import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements
import Testing

@testable import LetheStore

/// What an audit makes of decisions that the persons who signed them might not take.
struct DecisionAuditTests {
    /// A ledger under a policy with roles, with keys of every kind and a request in hand.
    private struct Desk {
        let ledger: TestLedger
        let policy: Policy
        let officer: SigningKey
        let second: SigningKey
        let gone: SigningKey
        let auditor: SigningKey
        let engineer: SigningKey
        let administrator: SigningKey

        init(_ roles: String = "roles: {twoPersons: [refuse, shred]}") throws {
            ledger = try TestLedger()
            policy = try Policy(yaml: TestLedger.policyText + "\n\(roles)\n")
            func key(_ number: UInt8) throws -> SigningKey { try SigningKey(seed: Array(repeating: number, count: 32)) }
            officer = try key(11)
            second = try key(12)
            gone = try key(13)
            auditor = try key(14)
            engineer = try key(15)
            administrator = try key(16)
            try ledger.start()
            for (key, role) in [
                (officer, KeyRole.officer), (second, .officer), (gone, .officer), (auditor, .auditor),
                (engineer, .engineer), (administrator, .administrator),
            ] { try change(.add(validFrom: ledger.store.size()), key, role) }
            try change(.revoke(validUntil: ledger.store.size()), gone, .officer)
            try ledger.append(.policy(PolicyEvent(adopting: policy, at: ledger.now)))
            try receive(1)
        }

        func change(_ change: KeyEvent.Change, _ key: SigningKey, _ role: KeyRole) throws {
            try ledger.append(
                .key(KeyEvent(change, key: key.publicKey, role: role, origin: TestLedger.origin, at: ledger.now)))
        }

        func receive(_ number: Int) throws {
            let (checked, key) = try ledger.request(number)
            let receipt = RequestEvent(receiving: checked, at: ledger.now, under: key, policy: PolicyInForce(policy))
            try ledger.append(
                .request(receipt),
                .request(
                    RequestEvent(
                        requestID: receipt.requestID, at: ledger.now, requestCommitment: receipt.requestCommitment,
                        kind: .changed(.identityConfirmed, clock: nil))), vault: [VaultItem(checked, key: key)])
        }

        func decision(
            _ change: LifecycleEvent = .refused(.legalClaims), seconds: Int64 = 0, policy: Digest? = nil
        ) throws -> LedgerEvent {
            let record = try #require(try ledger.store.request(makeRequestID(1)))
            return .request(
                RequestEvent(
                    requestID: record.requestID, at: ledger.now.adding(seconds: seconds),
                    requestCommitment: record.requestCommitment, kind: .changed(change, clock: nil),
                    extra: ["policy": .string((policy ?? self.policy.digest).hex)]))
        }

        /// A decision that `first` has proposed, as of the request's last entry or another.
        func approved(
            _ event: LedgerEvent, proposedBy first: SigningKey, asOf: UInt64? = nil
        ) throws -> LedgerEvent {
            let last = try #require(try ledger.store.request(makeRequestID(1))).lastIndex
            return try #require(try Proposal(event, asOf: asOf ?? last, signedBy: first).approved(as: event))
        }

        /// Appends the event under these signatures, and returns its index.
        @discardableResult
        func append(_ event: LedgerEvent, _ keys: [SigningKey]) throws -> UInt64 {
            try ledger.store.append(entries: [event.sign(with: keys)], signer: ledger.signer).indexes.lowerBound
        }

        var controller: SigningKey { ledger.controller }
    }

    /// Signatures on a refusal, whose policy asks for two officers', and what an audit finds at it.
    private enum Signing: String, CaseIterable {
        case controllerAlone, oneOfficer, auditor, engineer, auditorBeside, twice, revoked, revokedProposer,
            proposedBySelf
        case stranger, anotherRequestState, anotherPolicy, forgedProposal, auditorProposes, withoutController

        var fields: Set<String> {
            switch self {
            case .controllerAlone, .auditor, .engineer, .auditorBeside: ["signature"]
            case .oneOfficer, .proposedBySelf: ["signatures"]
            case .twice: ["signatures"]
            case .revoked, .stranger: ["signature", "signatures"]
            case .revokedProposer, .anotherRequestState, .forgedProposal, .auditorProposes: ["proposal"]
            case .anotherPolicy: ["policy"]
            case .withoutController: ["signature"]
            }
        }
    }

    @Test(arguments: Signing.allCases)
    private func aRefusalThatThePersonsMightNotTakeIsLocated(signing: Signing) throws {
        let desk = try Desk()
        let refusal = try desk.decision()
        let index: UInt64
        switch signing {
        case .controllerAlone: index = try desk.append(refusal, [desk.controller])
        case .oneOfficer: index = try desk.append(refusal, [desk.controller, desk.officer])
        case .auditor: index = try desk.append(refusal, [desk.controller, desk.auditor])
        case .engineer: index = try desk.append(refusal, [desk.controller, desk.engineer])
        case .auditorBeside:
            index = try desk.append(
                desk.approved(refusal, proposedBy: desk.officer), [desk.controller, desk.second, desk.auditor])
        case .twice: index = try desk.append(refusal, [desk.controller, desk.officer, desk.officer])
        case .revoked: index = try desk.append(refusal, [desk.controller, desk.gone])
        case .revokedProposer:
            index = try desk.append(desk.approved(refusal, proposedBy: desk.gone), [desk.controller, desk.officer])
        case .proposedBySelf:
            index = try desk.append(desk.approved(refusal, proposedBy: desk.officer), [desk.controller, desk.officer])
        case .stranger: index = try desk.append(refusal, [desk.controller, .generate()])
        case .anotherRequestState:
            index = try desk.append(
                desk.approved(refusal, proposedBy: desk.officer, asOf: 1), [desk.controller, desk.second])
        case .anotherPolicy:
            let old = try desk.decision(policy: desk.ledger.policy.digest)
            index = try desk.append(desk.approved(old, proposedBy: desk.officer), [desk.controller, desk.second])
        case .forgedProposal:
            // What the first person signed was another ground.
            let other = try desk.approved(desk.decision(.refused(.legalObligation)), proposedBy: desk.officer)
            guard case .request(let signed) = other, case .request(var forged) = refusal else { return }
            forged.extra["proposal"] = signed.extra["proposal"]
            index = try desk.append(.request(forged), [desk.controller, desk.second])
        case .auditorProposes:
            index = try desk.append(desk.approved(refusal, proposedBy: desk.auditor), [desk.controller, desk.officer])
        case .withoutController:
            index = try desk.append(desk.approved(refusal, proposedBy: desk.officer), [desk.second])
        }
        let findings = try desk.ledger.audit()
        #expect(findings.map(\.place) == findings.map { _ in .entry(index) }, "\(findings)")
        #expect(Set(findings.map(\.field)) == signing.fields, "\(findings)")
        #expect(try LedgerAudit.examine(desk.ledger.store, trust: desk.ledger.trust).firstBadEntry == index)
    }

    @Test func whatTwoOfficersDecideHolds() throws {
        let desk = try Desk()
        // Proposed on one day, approved on another.
        let proposal = try Proposal(
            desk.decision(), asOf: #require(try desk.ledger.store.request(makeRequestID(1))).lastIndex,
            signedBy: desk.officer)
        let approved = try #require(proposal.approved(as: desk.decision(seconds: 86_400)))
        try desk.append(approved, [desk.controller, desk.second])
        let record = try #require(try desk.ledger.store.request(makeRequestID(1)))
        let shred = LedgerEvent.shred(
            ShredEvent(
                requestID: record.requestID, requestCommitment: record.requestCommitment,
                at: desk.ledger.now.adding(seconds: 90_000), extra: ["policy": .string(desk.policy.digest.hex)]))
        // Two persons may also sign side by side.
        try desk.append(shred, [desk.controller, desk.officer, desk.second])
        #expect(try desk.ledger.audit().isEmpty)
        #expect(
            try LedgerAudit.examine(desk.ledger.store, trust: desk.ledger.trust, checksSignatures: false).findings
                .isEmpty)
    }

    @Test func destructionNeedsTwoUnlessItFollowsFromTheFulfilment() throws {
        let desk = try Desk()
        try desk.append(desk.approved(desk.decision(), proposedBy: desk.officer), [desk.controller, desk.second])
        try desk.ledger.shred(1)
        let index = try desk.ledger.store.size() - 1
        let findings = try desk.ledger.audit()
        // Neither a policy nor a person.
        #expect(findings.map(\.place) == [.entry(index)] && findings.first?.field == "policy", "\(findings)")
    }

    /// Who confirms what no proof shows, adopts or starts what only others may.
    @Test func otherDecisionsHaveTheirRolesToo() throws {
        let desk = try Desk("roles: {}")
        #expect(try desk.ledger.audit().isEmpty)
        try desk.append(desk.decision(.identityDoubted), [desk.controller, desk.officer])
        #expect(try desk.ledger.audit().isEmpty)
        let confirmation = try desk.append(desk.decision(.identityConfirmed), [desk.controller])
        let run = try desk.append(
            desk.ledger.step(
                .inputsCommitted(
                    RunInputs(
                        datasetBefore: digest("before"), datasetAfter: digest("after"), recordsRemoved: 17,
                        recordsCommitment: digest("records"), baseModel: digest("base"),
                        originalModel: digest("original"), method: "urn:lethe:method:e2urec:v1",
                        parameters: digest("parameters"), policy: desk.policy.digest))),
            [desk.controller, desk.officer])
        let old = LedgerEvent.policy(PolicyEvent(adopting: desk.ledger.policy, at: desk.ledger.now))
        let adoption = try desk.append(old, [desk.controller, desk.engineer])
        // From here on the controller decides, because nobody's roles are in force.
        try desk.append(desk.decision(.withdrawn, policy: desk.ledger.policy.digest), [desk.controller])
        let findings = try desk.ledger.audit()
        #expect(findings.map(\.place) == [.entry(confirmation), .entry(run), .entry(adoption)], "\(findings)")
        #expect(findings.allSatisfy { $0.field == "signature" })
    }

    @Test func thePolicyInForceAtTheEntryDecidesNotALaterOne() throws {
        let desk = try Desk("roles: {}")
        try desk.append(desk.decision(.extended(.complexity)), [desk.controller, desk.officer])
        let strict = try Policy(yaml: TestLedger.policyText + "\nroles: {extend: [administrator]}\n")
        try desk.append(
            .policy(PolicyEvent(adopting: strict, at: desk.ledger.now)), [desk.controller, desk.administrator])
        #expect(try desk.ledger.audit().isEmpty)
        let late = try desk.append(desk.decision(.withdrawn), [desk.controller, desk.officer])
        let findings = try desk.ledger.audit()
        #expect(findings.map(\.place) == [.entry(late)] && findings.first?.field == "policy", "\(findings)")
    }

    /// What a person's stolen key signed counts only where a witness saw it before.
    @Test func aStolenKeysDecisionsAreNamed() throws {
        let desk = try Desk()
        let decided = try desk.append(
            desk.approved(desk.decision(), proposedBy: desk.officer), [desk.controller, desk.second])
        #expect(try desk.ledger.audit().isEmpty)
        try desk.change(.compromise(from: decided), desk.officer, .officer)
        let findings = try desk.ledger.audit()
        #expect(findings.map(\.place) == [.entry(decided)], "\(findings)")
        #expect(findings.first?.found.contains("officer key \(desk.officer.publicKey.keyID)") == true)
    }
}
