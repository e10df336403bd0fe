import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheReports
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    /// A policy takes the place of another.
    struct Policies {
        private let next = Array(DeskPolicy().yaml.replacing("name: test", with: "name: next").utf8)

        @Test func anAdoptionIsAnEntryAndDecisionsAfterItNameTheNewPolicy() throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let users = try workspace.data().split.trainingUsers.prefix(2)
            let records = try users.map { user in
                try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            }
            let (old, size) = (workspace.policy.digest, try workspace.store.size())
            let adoption = try workspace.adopt(next)
            #expect(adoption.entry == size && adoption.previous == old && adoption.undecidable.isEmpty)
            // This object knows the policy before, and writes no more.
            #expect(throws: StoreError.policySuperseded(expected: 5, found: size)) {
                try workspace.decide(.withdrawn, about: records[0].requestID.text)
            }
            #expect(throws: StoreError.self) {
                try workspace.submit(Desk.sign(for: users[1], workspace: workspace).bytes)
            }
            workspace = try moment.open()
            #expect(workspace.policy.name == "next" && workspace.policy.digest == adoption.policy.digest)
            #expect(try workspace.adoptions().map(\.event.digest) == [old, adoption.policy.digest])
            // What was promised stays.
            for record in records {
                let kept = try workspace.request(record.requestID.text)
                #expect(kept.due == record.due && kept.policyDigest == old)
            }
            let refused = try workspace.decide(.refused(.legalClaims), about: records[0].requestID.text)
            guard case .request(let event)? = try Entry.all(of: workspace)[Int(refused.lastIndex)].event else {
                Issue.record("a refusal")
                return
            }
            #expect(event.extra["policy"]?.stringValue == adoption.policy.digest.hex)
            try workspace.shred(refused.requestID.text)
            guard case .shred(let shred)? = try Entry.all(of: workspace).last?.event else {
                Issue.record("a destruction")
                return
            }
            #expect(shred.extra["policy"]?.stringValue == adoption.policy.digest.hex)
            #expect(try workspace.audit().isEmpty)
            #expect(try Workspace.auditLedger(at: moment.root, environment: Desk.environment()).findings.isEmpty)
        }

        @Test func whatCannotTakeEffectIsRefusedAndNothingChanges() throws {
            let trained = try Desk.current.trained.copy()
            let workspace = try trained.open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            _ = try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes)
            let before = try filesOnDisk(trained)
            func adopt(_ old: String, _ new: String) -> String {
                line { _ = try workspace.adopt(Array(DeskPolicy().yaml.replacing(old, with: new).utf8)) }
            }
            #expect(adopt("name: test", "name: test").contains("in force already"))
            #expect(adopt("epochs: 16", "epochs: 17").contains("model and training must stay"))
            #expect(adopt("maximumTokens: 96", "maximumTokens: 80").contains("model and training must stay"))
            #expect(adopt("alpha: 0.05", "alpha: 0.01").contains("alpha is 0.01"))
            #expect(adopt("rrmMargin: 1", "rrmMargin: 2").contains("verification.thresholds.rrmMargin"))
            #expect(adopt("regulation: gdpr", "regulation: none").contains("line 3, regulation"))
            #expect(try filesOnDisk(trained) == before)

            let run = try workspace.unlearn(method: "retrain") { _ in }
            #expect(line { _ = try workspace.adopt(next) }.contains("lethe verify and lethe certify \(run.runID)"))
            _ = try workspace.verify(run.runID) { _ in }
            #expect(line { _ = try workspace.adopt(next) }.contains("lethe certify \(run.runID)"))
            try workspace.certify(run.runID)
            _ = try workspace.adopt(next)
            #expect(try trained.open().audit().isEmpty)
        }

        /// A process that is cut off anywhere leaves the one policy or the other.
        @Test(arguments: 0..<3)
        func anAdoptionThatWasCutOffIsFinishedByTheNextOpening(step: Int) throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let old = try Files.read(workspace.paths.policy, limit: 1 << 16)
            let digest = try workspace.adopt(next).policy.digest
            // Back to right after the append.
            try Files.write(old, to: workspace.paths.policy)
            #expect(try Workspace.auditLedger(at: moment.root, environment: Desk.environment()).findings.isEmpty)
            switch step {
            case 0:
                let before = try filesOnDisk(moment)
                let reader = try Workspace.openToRead(moment.root, environment: Desk.environment())
                #expect(reader.policy.digest == digest)
                #expect(try filesOnDisk(moment) == before)
            case 1:
                workspace = try moment.open()
                #expect(workspace.policy.digest == digest)
                #expect(try Files.read(workspace.paths.policy, limit: 1 << 16) == next)
                #expect(try workspace.audit().isEmpty)
            default:
                // Without the kept text, or with another under its name, nothing is guessed.
                try Files.write(old, to: workspace.paths.keptPolicy(digest.hex))
                #expect(line { _ = try moment.open() }.contains("has the digest"))
                try Files.remove(workspace.paths.keptPolicy(digest.hex))
                #expect(line { _ = try moment.open() }.contains("not the policy in the log"))
            }
        }

        @Test func aPolicyFileThatNobodyAdoptedIsRefusedAlsoWhereOthersAreKept() throws {
            let moment = try Desk.current.fresh.copy()
            let workspace = try moment.open()
            _ = try workspace.adopt(next)
            let third = DeskPolicy().yaml.replacing("name: test", with: "name: third")
            try Files.write(Array(third.utf8), to: workspace.paths.policy)
            #expect(line { _ = try moment.open() }.contains("not the policy in the log"))
            let findings = try Workspace.auditLedger(at: moment.root, environment: Desk.environment()).findings
            #expect(findings.map(\.place) == [.file(workspace.paths.policy)])
        }

        /// The log's rules must be those of the policy whose digest it names.
        @Test func anEntryWithoutThePolicysRulesIsFound() throws {
            let moment = try Desk.current.fresh.copy()
            let workspace = try moment.open()
            let policy = try Policy(yaml: Array(RolesDesk.policy().utf8))
            let event = PolicyEvent(
                adopting: policy, at: try Timestamp(Desk.noon), extra: try workspace.adoptions()[0].event.extra)
            var predicate = try LedgerEvent.policy(event).statement().fields.members()
            predicate["roles"] = nil
            let lie = try Statement(
                subjects: LedgerEvent.policy(event).statement().subjects, predicateType: PredicateType.policyEvent,
                predicate: .object(predicate))
            try workspace.store.append(
                entries: [
                    DSSEEnvelope(signing: lie.canonicalBytes(), with: [workspace.keys.controller]).canonicalBytes
                ], signer: workspace.keys.noteSigner(origin: workspace.origin))
            try Files.write(Array(RolesDesk.policy().utf8), to: workspace.paths.policy)
            #expect(line { _ = try moment.open() }.contains("does not have the rules of the policy"))
            #expect(try !Workspace.auditLedger(at: moment.root, environment: Desk.environment()).findings.isEmpty)
        }

        @Test func rolesComeIntoForceAndSayWhatNobodyCanDecideYet() throws {
            let moment = try Desk.current.fresh.copy()
            let adoption = try moment.open().adopt(Array(RolesDesk.policy().utf8))
            #expect(adoption.undecidable == DecisionKind.allCases)
            let workspace = try moment.open()
            #expect(line { _ = try workspace.adopt(next) }.contains("expected the key of who decides, administrator"))
            let administrator = SigningKey.generate()
            try workspace.registerKey(administrator.publicKey, as: .administrator)
            _ = try workspace.adopt(next, as: administrator)
            #expect(try moment.open().audit().isEmpty)
        }

        @Test func aRunUnderThePolicyBeforeIsReportedAndReplayedUnderIt() throws {
            let desk = try Desk.current
            let moment = try desk.answered.copy()
            let old = try moment.open().policy
            _ = try moment.open().adopt(next)
            let workspace = try moment.open()
            #expect(try workspace.auditReport(desk.runID).policy.digest == old.digest.hex)
            let reader = try Workspace.openToRead(moment.root, environment: Desk.environment())
            let subjects = moment.folder.path("subjects.txt")
            try Files.write(Array(moment.filed.map { "\($0.user)\n" }.joined().utf8), to: subjects)
            let outcome = try reader.replay(
                desk.runID, subjects: subjects, to: moment.folder.path("replayed")
            ) { _ in }
            #expect(outcome.holds, "\(outcome.text)")
            // Where the text is gone, it says which policy is missing.
            try Files.remove(workspace.paths.keptPolicy(old.digest.hex))
            #expect(
                line {
                    _ = try reader.replay(desk.runID, subjects: subjects, to: moment.folder.path("again")) { _ in }
                }.contains(old.digest.hex))
        }

        @Test func aRunIsStartedByAnEngineer() throws {
            let desk = try RolesDesk("roles: {}")
            let id = try desk.submit()
            let workspace = try desk.open()
            try workspace.pretrain { _ in }
            try workspace.trainOriginal { _ in }
            let run = try workspace.unlearn(method: "retrain", as: desk.engineer) { _ in }
            let record = try #require(try RunID(run.runID).flatMap { try workspace.store.run($0) })
            let start = try #require(record.indexes["inputs-committed"])
            #expect(
                try DSSEEnvelope(parsing: workspace.store.entry(start)).signatures.map(\.keyID).last
                    == desk.engineer.publicKey.keyID)
            _ = try workspace.verify(run.runID) { _ in }
            try workspace.certify(run.runID)
            #expect(try workspace.request(id).runID?.text == run.runID)
            #expect(try workspace.audit().isEmpty)
        }
    }
}
