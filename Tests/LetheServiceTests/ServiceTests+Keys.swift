import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import LetheUnlearning
import Testing

@testable import LetheService

extension ServiceTests {
    /// Keys change; what was signed before keeps counting, and what must not count does not.
    struct Keys {
        private func certificates(_ workspace: Workspace) throws -> [[UInt8]] {
            try workspace.certificates().map {
                try Files.read(
                    Files.join(workspace.paths.certificates, Workspace.certificateName($0.number)), limit: 1 << 20)
            }
        }

        @Test(arguments: [KeyRole.controller, .verifier, .log, .requester, .root])
        func aRotatedKeySignsOnAndOldCertificatesKeepVerifying(role: KeyRole) throws {
            let moment = try Desk.current.answered.copy()
            let workspace = try moment.open()
            let files = try certificates(workspace)
            let size = try workspace.store.size()
            let change = try workspace.rotateKey(role)
            #expect(change.entries == size..<size + 1)

            let envelope = try DSSEEnvelope(parsing: try workspace.store.entry(size))
            let keys = try workspace.keyRegistry()
            let root = keys.keys(.root, at: size).first
            let ended = try #require(change.ended)
            let signers = try envelope.verify(trusting: keys.registrations.values.map(\.key)).signers
            let added = try #require(change.added)
            #expect(Set(signers) == Set([ended, added, role == .root ? ended : try #require(root)]))
            #expect(keys.requiresPossession && envelope.signatures.count == signers.count)
            #expect(keys.registrations[ended.keyID]?.validUntil == size + 1)
            #expect(keys.keys(role, at: size + 1) == [try #require(change.added)])

            // The same process, and one that opens the workspace anew, sign with the new key.
            _ = try workspace.rotateKey(.requester)
            let again = try moment.open()
            _ = try again.checkpoint()
            _ = try again.rotateKey(.requester)
            #expect(try again.audit().isEmpty)
            let chain = try CertificateVerifier.verifyChain(files, trusting: again.trust())
            #expect(chain.count == files.count)
            #expect(try Files.names(in: again.paths.pendingKeys).isEmpty)
            let archive = try Files.names(in: again.paths.archivedKeys)
            let name = try #require(WorkspaceKeys.name(of: role))
            #expect(archive.contains("\(name).\(ended.keyID).pem"))
        }

        @Test func theCheckpointAtTheChangeOfTheLogsKeyCarriesBothSignatures() throws {
            let workspace = try Desk.current.fresh.copy().open()
            let change = try workspace.rotateKey(.log)
            let note = try #require(try workspace.store.lastCheckpoint())
            let verifiers = try [change.ended, change.added].map {
                try NoteVerifier(name: workspace.origin, key: #require($0))
            }
            #expect(try note.verify(with: verifiers).map(\.verifier) == verifiers)
            let next = try workspace.rotateKey(.controller)
            let after = try #require(try workspace.store.checkpoint(size: next.entries.upperBound))
            #expect(try after.verify(with: [verifiers[1]]).count == 1 && after.signatures.count == 1)
            let logs = try workspace.trust().logs
            #expect(logs == [verifiers[1].key, verifiers[0].key])
        }

        @Test func aKeyOfAnOlderTrustFileVerifiesNothingNewer() throws {
            let moment = try Desk.current.answered.copy()
            let workspace = try moment.open()
            let old = try workspace.trust()
            let file = try #require(try certificates(workspace).first)
            _ = try workspace.rotateKey(.log)
            let path = Files.join(workspace.paths.certificates, Workspace.certificateName(1))
            try Files.remove(path)
            _ = try workspace.certify(Desk.current.runID)
            let renewed = try Files.read(path, limit: 1 << 20)
            #expect(renewed != file, "its proof ends in a checkpoint of the new key")
            _ = try CertificateVerifier.verify(renewed, trusting: workspace.trust())
            _ = try CertificateVerifier.verify(file, trusting: old)
            let first = try workspace.rotateKey(.controller)
            #expect(first.added != nil)
        }

        /// A process that ends at any moment of a change leaves a workspace that the next one puts right.
        @Test(arguments: [KeyRole.controller, .log], 0..<4)
        func aChangeThatWasCutOffIsFinishedByTheNextOpening(role: KeyRole, step: Int) throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let name = try #require(WorkspaceKeys.name(of: role))
            let before = try Snapshot(of: Files.join(moment.root, "keys"))
            let trust = try Files.read(workspace.paths.trust, limit: 1 << 20)
            let oldKey = try Files.read(workspace.paths.key(name), limit: 4096)
            let change = try workspace.rotateKey(role)
            let (added, ended) = (try #require(change.added), try #require(change.ended))
            let newKey = try Files.read(workspace.paths.key(name), limit: 4096)

            // Back to what a crash would have left.
            let pending = Files.join(
                workspace.paths.pendingKeys, "\(name).\(added.keyID).\(ended.keyID).pem")
            let archived = Files.join(workspace.paths.archivedKeys, "\(name).\(ended.keyID).pem")
            try Files.write(newKey, to: pending, permissions: 0o600)
            try Files.write(oldKey, to: workspace.paths.key(name), permissions: 0o600)
            switch step {
            case 0:  // Right after the append.
                try Files.write(trust, to: workspace.paths.trust)
                try Files.remove(archived)
            case 1: try Files.remove(archived)  // The trust file is new.
            case 2: break  // The old key is archived.
            default: try Files.remove(workspace.paths.key(name))  // The old key was put on a shelf.
            }
            workspace = try moment.open()
            #expect(try Files.names(in: workspace.paths.pendingKeys).isEmpty)
            #expect(try workspace.keys.key(name).publicKey == added)
            #expect(try workspace.trust().validity(of: added).until == nil)
            _ = try workspace.rotateKey(.requester)
            #expect(try workspace.audit().isEmpty)
            #expect(before != (try Snapshot(of: Files.join(moment.root, "keys"))))
        }

        @Test func aKeyThatTheLogNeverHeardOfIsNotInstalled() throws {
            let moment = try Desk.current.fresh.copy()
            let workspace = try moment.open()
            let controller = try workspace.keys.controller.publicKey
            _ = try workspace.keys.prepare(.generate(), as: "controller", replacing: controller.keyID)
            let again = try moment.open()
            #expect(try again.keys.controller.publicKey == controller)
            #expect(try again.audit().isEmpty)
        }

        @Test func aRevokedKeyIsReplacedAndItsCertificatesBeforeKeepCounting() throws {
            let moment = try Desk.current.answered.copy()
            let workspace = try moment.open()
            let files = try certificates(workspace)
            let size = try workspace.store.size()
            let old = try workspace.keys.controller.publicKey
            let change = try workspace.revokeKey(old.keyID)
            #expect(change.entries == size..<size + 2 && change.ended == old)
            #expect(try workspace.keys.controller.publicKey == change.added)
            _ = try CertificateVerifier.verifyChain(files, trusting: workspace.trust())
            #expect(try moment.open().audit().isEmpty)
            #expect(throws: ServiceError.self) { try workspace.revokeKey(old.keyID) }
        }

        @Test func afterACompromiseOnlyTheWitnessedPastCounts() throws {
            let moment = try Desk.current.answered.copy()
            let workspace = try moment.open()
            let files = try certificates(workspace)
            let first = try #require(try workspace.certificates().first).entry
            let old = try workspace.keys.controller.publicKey
            _ = try workspace.revokeKey(old.keyID, compromisedFrom: first + 1)
            let trust = try workspace.trust()
            #expect(trust.validity(of: old) == KeyValidity(from: 2, until: first + 1, isCompromised: true))
            // The first was signed before, but nobody vouches for that; the others were signed after.
            let error = #expect(throws: CertificateError.self) {
                try CertificateVerifier.verify(files[0], trusting: trust)
            }
            guard case .compromisedKey = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            for file in files.dropFirst() {
                let error = #expect(throws: CertificateError.self) {
                    try CertificateVerifier.verify(file, trusting: trust)
                }
                guard case .keyNotValid = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
            let findings = try moment.open().audit()
            #expect(findings.contains { $0.place == .entry(first + 1) && $0.field == "signature" })
            // Work goes on with the new key.
            _ = try workspace.rotateKey(.requester)
        }

        @Test func theVerifiersKeyChangesOnlyBetweenRuns() throws {
            let moment = try Desk.current.trained.copy()
            let workspace = try moment.open()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace).bytes)
            let run = try workspace.unlearn(method: "retrain") { _ in }
            _ = try workspace.verify(run.runID) { _ in }
            let before = try LogState(workspace)
            let verifier = try workspace.keys.verifier.publicKey.keyID
            #expect(throws: ServiceError.verdictOpen(run: run.runID)) { try workspace.rotateKey(.verifier) }
            #expect(throws: ServiceError.verdictOpen(run: run.runID)) { try workspace.revokeKey(verifier) }
            #expect(try LogState(workspace) == before)
            _ = try workspace.rotateKey(.controller)
            _ = try workspace.certify(run.runID)
            _ = try workspace.rotateKey(.verifier)
            #expect(
                try CertificateVerifier.verifyChain(certificates(workspace), trusting: workspace.trust()).count == 1)
            #expect(try workspace.audit().isEmpty)
        }

        @Test func whatWouldBreakTheRegistryIsRefusedAndChangesNothing() throws {
            let moment = try Desk.current.fresh.copy()
            let workspace = try moment.open()
            let before = try LogState(workspace)
            let keys = try workspace.keys
            #expect(throws: ServiceError.noKeyOfRole(role: "witness")) { try workspace.rotateKey(.witness) }
            #expect(throws: ServiceError.self) { try workspace.revokeKey(keys.root.publicKey.keyID) }
            #expect(throws: ServiceError.unknownKey(keyID: "x")) { try workspace.revokeKey("x") }
            #expect(throws: ServiceError.self) {
                try workspace.revokeKey(keys.controller.publicKey.keyID, compromisedFrom: before.size + 1)
            }
            for (key, role) in [
                (try keys.controller, KeyRole.verifier), (try keys.verifier, .controller), (try keys.portal, .witness),
                (try keys.portal, .requester), (.generate(), .log), (.generate(), .root),
            ] {
                #expect(throws: ServiceError.self) { try workspace.registerKey(key.publicKey, as: role) }
            }
            #expect(try LogState(workspace) == before)
            #expect(try Files.names(in: workspace.paths.keys).contains("pending") == false)
        }

        @Test func aRequesterThatIsRegisteredMayFileUntilItIsRevoked() throws {
            let moment = try Desk.current.fresh.copy()
            let workspace = try moment.open()
            let agent = SigningKey.generate()
            let users = try workspace.data().split.trainingUsers
            func file(_ user: Int) throws {
                _ = try workspace.submit(try Desk.sign(for: user, workspace: workspace, key: agent).bytes)
            }
            #expect(throws: (any Error).self) { try file(users[0]) }
            _ = try workspace.registerKey(agent.publicKey, as: .requester)
            try file(users[0])
            _ = try workspace.revokeKey(agent.publicKey.keyID)
            #expect(throws: (any Error).self) { try file(users[1]) }
            #expect(try workspace.audit().isEmpty)
        }

        @Test func theWordOfASubjectsKeyProvesNobodysIdentity() throws {
            let moment = try Desk.current.fresh.copy()
            let workspace = try moment.open()
            let person = SigningKey.generate()
            let user = try #require(try workspace.data().split.trainingUsers.first)
            _ = try workspace.registerKey(person.publicKey, as: .subject)
            // Whatever the request says of itself, it waits; and it is not turned away for saying little.
            let claimed = try Desk.sign(for: user, workspace: workspace, level: .documentVerified, key: person).bytes
            let record = try workspace.submit(claimed)
            #expect(record.state == .identityPending)
            guard case .request(let event)? = try workspace.store.event(record.receivedIndex),
                case .received(let logged) = event.kind
            else {
                Issue.record("the request's entry is no receipt")
                return
            }
            #expect(logged.identity == IdentityProof(level: .unverified, method: .selfDeclared))
            let modest = try Desk.sign(for: user, workspace: workspace, level: .unverified, key: person).bytes
            #expect(try workspace.submit(modest).state == .identityPending)
            let proof = IdentityProof(level: .accountAuthenticated, method: .accountSession)
            let confirmed = try workspace.decide(
                .identityConfirmed, about: record.requestID.text, evidence: proof)
            #expect(confirmed.state == .inProgress)
            _ = try workspace.revokeKey(person.publicKey.keyID)
            #expect(throws: (any Error).self) {
                try workspace.submit(try Desk.sign(for: user, workspace: workspace, key: person).bytes)
            }
            #expect(try workspace.audit().isEmpty)
        }

        @Test func aKeyThatWasInOtherHandsBeforeTheLogKnewItNeverCounted() throws {
            let moment = try Desk.current.fresh.copy()
            var workspace = try moment.open()
            let key = try #require(try workspace.rotateKey(.verifier).added)
            _ = try workspace.revokeKey(key.keyID, compromisedFrom: 0)
            workspace = try moment.open()
            let validity = try workspace.trust().validity[key]
            #expect(validity?.from == validity?.until && validity?.isCompromised == true)
            #expect(try workspace.audit().isEmpty)
            // Its checkpoints are nobody's word then, but the workspace opens and goes on.
            let log = try #require(try workspace.rotateKey(.log).added)
            _ = try workspace.revokeKey(log.keyID, compromisedFrom: 0)
            _ = try moment.open().rotateKey(.log)
        }

        @Test func aPrivateKeyThatTheLogDoesNotKnowSignsNothing() throws {
            let moment = try Desk.current.fresh.copy()
            let workspace = try moment.open()
            let path = Files.join(moment.root, "keys/controller.pem")
            try PrivateKeyFile.write(.generate(), to: path, under: nil)
            let error = #expect(throws: ServiceError.self) { try workspace.rotateKey(.controller) }
            #expect("\(try #require(error))".contains("controller.pem"))
            try Files.write(try Files.read(path, limit: 4096), to: path, permissions: 0o644)
            #expect(throws: FileError.exposed(path: path, permissions: 0o644)) { try workspace.rotateKey(.controller) }
        }

        @Test func encryptedKeysNeedTheirPassphraseAndStayEncrypted() throws {
            let folder = try TestFolder()
            var secret = Array("a long passphrase".utf8)
            let passphrase = try Passphrase(taking: &secret)
            var environment = Desk.environment(keeping: folder)
            environment.passphrase = { passphrase }
            let root = folder.path("workspace")
            let workspace = try Workspace.create(
                at: root, policy: Array(DeskPolicy().yaml.utf8),
                profile: DatasetProfile(kind: .synthetic, folder: try Desk.current.data.path), origin: Desk.origin,
                environment: environment, encryptingKeys: true)
            _ = try workspace.rotateKey(.controller)
            for name in ["root", "log", "controller", "verifier", "portal"] {
                #expect(try PrivateKeyFile.isEncrypted(workspace.paths.key(name)), "\(name)")
            }
            let locked = try Workspace.open(root, environment: Desk.environment(keeping: folder))
            #expect(throws: PassphraseError.unavailable) { try locked.rotateKey(.controller) }
            #expect(try locked.audit().isEmpty, "an audit needs no private key")
        }
    }

    /// A model's place in the log.
    struct ModelChecks {
        @Test func theCandidateOfAPassedRunTakesTheOriginalsPlace() throws {
            let desk = try Desk.current
            let before = try desk.trained.copy().open()
            let original = before.paths.model("original")
            guard case .current = try before.standing(ofModel: original).standing else {
                Issue.record("the original is in service before any run")
                return
            }
            let workspace = try desk.answered.copy().open()
            let candidate = Files.join(workspace.paths.run(desk.runID), "candidate")
            let (digest, standing) = try workspace.standing(ofModel: candidate)
            guard case .current(let entry) = standing else {
                Issue.record("\(standing)")
                return
            }
            guard case .superseded(let what, _, let successor) = try workspace.standing(ofModel: original).standing
            else {
                Issue.record("the original is superseded")
                return
            }
            #expect(what == "the original model")
            #expect(successor == .init(runID: desk.runID, entry: entry, model: digest))
            guard case .notForService = try workspace.standing(ofModel: workspace.paths.model("base")).standing else {
                Issue.record("the base model never goes into service")
                return
            }
            let other = try TestFolder()
            try Files.write([1, 2, 3], to: other.path("model.safetensors"))
            #expect(try workspace.standing(ofModel: other.path).standing == .unknown)
            #expect(throws: ModelDigestError.self) { try workspace.standing(ofModel: other.path("none")) }
        }

        private func digest(_ text: String) -> Digest { Digest(sha256: Array(text.utf8)) }

        @Test func everyModelOfALogHasItsPlace() throws {
            var generator = SecureGenerator()
            let at = try Timestamp(Desk.noon)
            let runs = (0..<4).map { _ in RunID.random(using: &generator) }
            var history = ModelHistory()
            var index: UInt64 = 0
            func add(_ event: LedgerEvent) {
                history.apply(event, at: index)
                index += 1
            }
            func step(_ run: Int, _ step: RunEvent.Step) { add(.run(RunEvent(runID: runs[run], at: at, step: step))) }
            func judge(_ run: Int, _ verdict: RunVerdict) {
                step(run, .candidateCommitted(model: digest("candidate \(run)")))
                step(run, .referencesCommitted([ReferenceModel(model: digest("reference \(run)"), seed: 1)]))
                step(
                    run,
                    .residue(Residue(artifact: digest("augmented \(run)"), kind: .augmentedModel, fate: .destroyed)))
                step(run, .verified(RunJudgement(verdict: verdict, measurements: digest("m"), testResultEntry: 0)))
            }
            add(.model(ModelEvent(.registered, role: .original, digest: digest("original"), at: at)))
            judge(0, .fail)
            judge(1, .passStatistical)
            #expect(history.standing(of: digest("candidate 1")) == .current(entry: 8))
            judge(2, .passExact)
            judge(3, .inconclusive)
            let successor = ModelStanding.Successor(runID: runs[2].text, entry: 12, model: digest("candidate 2"))
            #expect(history.standing(of: digest("candidate 2")) == .current(entry: 12))
            for (model, entry, words) in [
                ("original", 0, "the original model"), ("candidate 0", 4, "judged FAIL"),
                ("candidate 1", 8, "judged PASS-STATISTICAL"), ("augmented 0", 3, "remembers the forgotten"),
                ("augmented 2", 11, "remembers the forgotten"),
            ] as [(String, UInt64, String)] {
                guard case .superseded(let what, let found, let by) = history.standing(of: digest(model)) else {
                    Issue.record("\(model) is superseded")
                    continue
                }
                #expect(what.contains(words) && found == entry && by == successor, "\(model)")
            }
            for model in ["candidate 3", "augmented 3", "reference 1", "reference 3"] {
                guard case .notForService = history.standing(of: digest(model)) else {
                    Issue.record("\(model) never goes into service")
                    continue
                }
            }
            add(.model(ModelEvent(.retired, role: .candidate, digest: digest("candidate 2"), at: at)))
            guard case .notForService = history.standing(of: digest("candidate 2")) else {
                Issue.record("a retired model is not current")
                return
            }
        }
    }
}
