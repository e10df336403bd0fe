import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

/// A desk under a policy with roles, and the keys of the persons who work at it.
struct RolesDesk {
    let moment: Desk.Moment
    let officer: SigningKey
    let second: SigningKey
    let auditor: SigningKey
    let engineer: SigningKey
    let administrator: SigningKey

    static func policy(_ roles: String = "roles: {twoPersons: [refuse, shred]}") -> String {
        DeskPolicy().yaml + roles + "\n"
    }

    init(_ roles: String = "roles: {twoPersons: [refuse, shred]}") throws {
        moment = Desk.Moment(folder: try TestFolder())
        let workspace = try Desk.create(in: moment.folder, data: Desk.current.data, policy: Self.policy(roles))
        func register(_ role: KeyRole) throws -> SigningKey {
            let key = SigningKey.generate()
            try workspace.registerKey(key.publicKey, as: role)
            return key
        }
        officer = try register(.officer)
        second = try register(.officer)
        auditor = try register(.auditor)
        engineer = try register(.engineer)
        administrator = try register(.administrator)
    }

    func open(now: String = Desk.noon) throws -> Workspace { try moment.open(now: now) }

    /// A request of the person at this place of the data, in hand.
    func submit(_ place: Int = 0) throws -> String {
        let workspace = try open()
        let user = try workspace.data().split.trainingUsers[place]
        return try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes).requestID.text
    }
}

/// Every file with its digest, but for what SQLite's readers share.
func filesOnDisk(_ moment: Desk.Moment) throws -> [String: String] {
    try Snapshot(of: moment.root).digests.filter { !$0.key.hasSuffix("-shm") }
}

/// The one line of what `body` throws.
func line(_ body: () throws -> Void) -> String {
    do {
        try body()
        return "nothing was refused"
    } catch { return "\(error)" }
}

extension ServiceTests {
    /// Who decides, and what two persons decide together.
    struct Roles {
        @Test func aDecisionIsSignedByItsActorAndTheController() throws {
            let desk = try RolesDesk()
            let id = try desk.submit()
            let workspace = try desk.open()
            guard case .decided(let record) = try workspace.decide(.extended(.complexity), about: id, as: desk.officer)
            else {
                Issue.record("an extension needs one person")
                return
            }
            let envelope = try DSSEEnvelope(parsing: workspace.store.entry(record.lastIndex))
            #expect(
                envelope.signatures.map(\.keyID) == [
                    try workspace.keys.controller.publicKey.keyID, desk.officer.publicKey.keyID,
                ])
            _ = try envelope.verify(
                trusting: [workspace.keys.controller.publicKey, desk.officer.publicKey], threshold: 2)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func whoMayNotDecideIsRefusedAndNothingIsWritten() throws {
            let desk = try RolesDesk()
            let id = try desk.submit()
            let workspace = try desk.open()
            let before = try filesOnDisk(desk.moment)
            let stranger = SigningKey.generate()
            for (key, found) in [
                (nil, "expected the key of who decides, officer"), (desk.auditor, "auditor key"),
                (desk.engineer, "engineer key"), (desk.administrator, "administrator key"),
                (stranger, "does not know"), (try workspace.keys.controller, "controller key"),
            ] as [(SigningKey?, String)] {
                for change in [.refused(.legalClaims), .withdrawn, .identityDoubted] as [LifecycleEvent] {
                    let problem = line { _ = try workspace.decide(change, about: id, as: key) }
                    #expect(problem.contains(found) && problem.contains("nothing was changed"), "\(problem)")
                }
                #expect(line { _ = try workspace.shred(id, as: key) }.contains(found))
            }
            #expect(line { try workspace.decide(.withdrawn, about: id) }.contains("--as FILE"))
            #expect(line { _ = try workspace.unlearn { _ in } }.contains("decision run"))
            #expect(
                line { _ = try workspace.unlearn(as: desk.officer) { _ in } }.contains(
                    "expected a key of role engineer"))
            #expect(
                line { _ = try workspace.adopt(Array(DeskPolicy().yaml.utf8), as: desk.officer) }
                    .contains("expected a key of role administrator"))
            #expect(try filesOnDisk(desk.moment) == before)
        }

        @Test func aPolicyWithoutRolesTakesNoActor() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            let id = try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes).requestID.text
            #expect(
                line { _ = try workspace.decide(.withdrawn, about: id, as: .generate()) }.contains("no section roles"))
            #expect(try workspace.decide(.withdrawn, about: id).state == .withdrawn)
            #expect(try workspace.proposals().isEmpty)
        }

        @Test func anEndedKeyDecidesNothing() throws {
            let desk = try RolesDesk()
            let id = try desk.submit()
            let workspace = try desk.open()
            try workspace.revokeKey(desk.officer.publicKey.keyID)
            #expect(
                line { _ = try workspace.decide(.withdrawn, about: id, as: desk.officer) }.contains(
                    "does not count now"))
            _ = try workspace.decide(.withdrawn, about: id, as: desk.second)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func twoOfficersRefuseAndDestroyInOneEntryEach() throws {
            let desk = try RolesDesk()
            let id = try desk.submit()
            var workspace = try desk.open()
            let size = try workspace.store.size()
            guard
                case .proposed(let proposal) = try workspace.decide(.refused(.legalClaims), about: id, as: desk.officer)
            else {
                Issue.record("a refusal takes two")
                return
            }
            #expect(try workspace.store.size() == size && workspace.request(id).state == .inProgress)
            #expect(try workspace.proposals().map(\.proposal) == [proposal])
            #expect(try workspace.proposals()[0].lapse == nil)
            // Not the first person, nobody without the role, and no second proposal.
            #expect(line { try workspace.approve(id, as: desk.officer) }.contains("expected a second person's key"))
            #expect(line { try workspace.approve(id, as: desk.auditor) }.contains("auditor key"))
            #expect(line { _ = try workspace.reject(id, as: desk.engineer) }.contains("engineer key"))
            for change in [.refused(.legalObligation), .refused(.legalClaims)] as [LifecycleEvent] {
                #expect(line { _ = try workspace.decide(change, about: id, as: desk.second) }.contains("waits"))
            }
            // A day later, in another process.
            workspace = try desk.open(now: "2026-03-03T09:00:00Z")
            #expect(try workspace.approve(id, as: desk.second).request.state == .refused(.legalClaims))
            #expect(try workspace.store.size() == size + 1)
            #expect(try workspace.proposals().isEmpty)
            let entry = try #require(try Entry.all(of: workspace).last)
            guard case .request(let event) = entry.event else {
                Issue.record("the last entry is the refusal")
                return
            }
            #expect("\(event.at)" == "2026-03-03T09:00:00Z")
            #expect(try Proposal(carriedBy: .request(event)) == proposal)
            #expect(line { try workspace.approve(id, as: desk.second) }.contains("there is none"))

            guard case .proposed = try workspace.shred(id, as: desk.second) else {
                Issue.record("destruction takes two")
                return
            }
            #expect(
                try workspace.store.openVault(#require(RequestID(id)), masterKey: workspace.masterKey).identity.type
                    == "user-id")
            #expect(try workspace.approve(id, as: desk.officer).request.shreddedIndex == size + 1)
            #expect(throws: StoreError.self) {
                try workspace.store.openVault(#require(RequestID(id)), masterKey: workspace.masterKey)
            }
            #expect(try workspace.audit().isEmpty)
        }

        @Test func aConfirmationByTwoReckonsTheDeadlineOfTheSecondDay() throws {
            let desk = try RolesDesk("roles: {twoPersons: [confirm]}")
            let id = try desk.submit()
            _ = try desk.open().decide(.identityDoubted, about: id, as: desk.officer)
            let proof = IdentityProof(level: .documentVerified, method: .documentCheck)
            _ = try desk.open(now: "2026-03-05T12:00:00Z").decide(
                .identityConfirmed, about: id, evidence: proof, as: desk.officer)
            let workspace = try desk.open(now: "2026-03-09T12:00:00Z")
            #expect("\(try workspace.approve(id, as: desk.second).request.due)" == "2026-04-09")
            #expect(try workspace.audit().isEmpty)
        }

        @Test func aProposalLapsesWithWhatItWasAbout() throws {
            let desk = try RolesDesk()
            let ids = try (0..<4).map { try desk.submit($0) }
            var workspace = try desk.open()
            for id in ids { _ = try workspace.decide(.refused(.legalClaims), about: id, as: desk.officer) }
            func lapses(_ id: String, _ words: String, _ workspace: Workspace) throws {
                let size = try workspace.store.size()
                let kept = try #require(try workspace.proposals().first { $0.proposal.requestID.text == id })
                #expect(kept.lapse?.contains(words) == true, "\(String(describing: kept.lapse))")
                let problem = line { try workspace.approve(id, as: desk.second) }
                #expect(problem.contains("lapsed") && problem.contains(words), "\(problem)")
                #expect(try workspace.store.size() == size)
            }
            // The request moves on; a new proposal takes the lapsed one's place.
            _ = try workspace.decide(.extended(.complexity), about: ids[0], as: desk.second)
            try lapses(ids[0], "has moved on since entry", workspace)
            _ = try workspace.decide(.refused(.legalClaims), about: ids[0], as: desk.officer)
            #expect(try workspace.approve(ids[0], as: desk.second).request.state == .refused(.legalClaims))
            // Rejected.
            let proposed = try #require(try workspace.proposals().first { $0.proposal.requestID.text == ids[1] })
                .proposal
            #expect(try workspace.rejections().isEmpty)
            let rejection = try workspace.reject(ids[1], as: desk.officer)
            #expect(rejection.requestID.text == ids[1] && rejection.rejecter == desk.officer.publicKey.keyID)
            #expect(rejection.kind == .refuse && rejection.proposal == proposed.envelope.digest)
            #expect(try desk.open().rejections() == [rejection], "who rejected what and when stays on the desk")
            #expect(line { try workspace.approve(ids[1], as: desk.second) }.contains("there is none"))
            // Another policy, then none that asks for two.
            _ = try workspace.adopt(
                Array(RolesDesk.policy("roles: {twoPersons: [refuse]}").utf8), as: desk.administrator)
            workspace = try desk.open()
            try lapses(ids[2], "another policy is in force", workspace)
            _ = try workspace.decide(.refused(.legalObligation), about: ids[2], as: desk.second)
            // Whoever proposed it has lost the key.
            try workspace.revokeKey(desk.second.publicKey.keyID)
            #expect(line { try workspace.approve(ids[2], as: desk.officer) }.contains("does not count now"))
            _ = try workspace.adopt(Array(RolesDesk.policy("roles: {}").utf8), as: desk.administrator)
            workspace = try desk.open()
            let last = try #require(try workspace.proposals().first { $0.proposal.requestID.text == ids[3] })
            #expect(last.lapse?.contains("does not ask for two persons") == true)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func aProposalOfTheFutureIsNotApproved() throws {
            let desk = try RolesDesk()
            let id = try desk.submit()
            _ = try desk.open(now: "2026-03-04T12:00:00Z").decide(.refused(.legalClaims), about: id, as: desk.officer)
            #expect(line { try desk.open().approve(id, as: desk.second) }.contains("which is to come"))
        }

        @Test func aTamperedProposalIsRefused() throws {
            let desk = try RolesDesk()
            let ids = try (0..<2).map { try desk.submit($0) }
            let workspace = try desk.open()
            for id in ids { _ = try workspace.decide(.refused(.legalClaims), about: id, as: desk.officer) }
            let path = workspace.paths.proposal(ids[0])
            let good = try Files.read(path, limit: Proposal.maximumByteCount)
            let size = try workspace.store.size()
            let envelope = try DSSEEnvelope(parsing: good)
            // Under the name of somebody who did not sign; of another request; no proposal at all.
            let forged = try DSSEEnvelope(
                payloadType: Proposal.payloadType, payload: envelope.payload,
                signatures: [.init(keyID: desk.second.publicKey.keyID, bytes: envelope.signatures[0].bytes)])
            for (bytes, words) in [
                (forged.canonicalBytes, "no key that the log knows"),
                (try Files.read(workspace.paths.proposal(ids[1]), limit: 1 << 14), "found one about"),
                (Array(good.dropLast()), "remove the file"), ([], "remove the file"),
                ([UInt8](repeating: 0x20, count: 1 << 15), "large"),
            ] as [([UInt8], String)] {
                try Files.write(bytes, to: path)
                let problem = line { try workspace.approve(ids[0], as: desk.second) }
                #expect(problem.contains(words) || problem.contains("second person"), "\(words): \(problem)")
                #expect(try workspace.store.size() == size)
            }
            try Files.write(good, to: path)
            #expect(try workspace.approve(ids[0], as: desk.second).request.state == .refused(.legalClaims))
        }

        /// What a process leaves that is cut off between the entry and the file's end: a proposal that has lapsed.
        @Test func anApprovalThatWasCutOffIsNotTakenTwice() throws {
            let desk = try RolesDesk()
            let id = try desk.submit()
            let workspace = try desk.open()
            _ = try workspace.decide(.refused(.legalClaims), about: id, as: desk.officer)
            let kept = try Files.read(workspace.paths.proposal(id), limit: Proposal.maximumByteCount)
            try workspace.approve(id, as: desk.second)
            try Files.write(kept, to: workspace.paths.proposal(id))
            let size = try workspace.store.size()
            #expect(try workspace.proposals().first?.lapse?.contains("has moved on") == true)
            #expect(line { try workspace.approve(id, as: desk.second) }.contains("has moved on"))
            #expect(try workspace.store.size() == size)
            _ = try workspace.reject(id, as: desk.second)
            #expect(try workspace.proposals().isEmpty && workspace.audit().isEmpty)
        }

        @Test func ofManyApprovalsAtOnceOneIsTaken() async throws {
            let desk = try RolesDesk()
            let id = try desk.submit()
            _ = try desk.open().decide(.refused(.legalClaims), about: id, as: desk.officer)
            let size = try desk.open().store.size()
            let (moment, second) = (desk.moment, desk.second)
            let taken = await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<6 {
                    group.addTask { (try? moment.open().approve(id, as: second)) != nil }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(taken == 1)
            let workspace = try desk.open()
            #expect(try workspace.store.size() == size + 1)
            #expect(try workspace.request(id).state == .refused(.legalClaims))
            #expect(try workspace.audit().isEmpty)
        }

        @Test func ofManyProposalsAtOnceOneIsKept() async throws {
            let desk = try RolesDesk()
            let id = try desk.submit()
            let (moment, officers) = (desk.moment, [desk.officer, desk.second])
            let kept = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<6 {
                    group.addTask {
                        (try? moment.open().decide(.refused(.legalClaims), about: id, as: officers[number % 2])) != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(kept == 1)
            let workspace = try desk.open()
            #expect(try workspace.proposals().count == 1)
            #expect(try Files.names(in: workspace.paths.proposals) == ["\(id).json"])
        }
    }
}
