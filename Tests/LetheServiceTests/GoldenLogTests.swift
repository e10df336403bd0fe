import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

/// Logs that earlier versions wrote, in Tests/Golden: every later version must verify them, for ever. They hold entries, checkpoints and
/// certificates rather than a database, so that they outlive its schema. `Scripts/golden` adds one; none is ever changed.
struct GoldenLogTests {
    /// One log.
    struct Golden: Sendable, CustomTestStringConvertible {
        let folder: String
        var testDescription: String { Files.name(of: folder) }

        func bytes(_ name: String) throws -> [UInt8] { try Files.read(Files.join(folder, name), limit: 1 << 24) }
        func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

        func entries() throws -> [[UInt8]] {
            try bytes("entries.jsonl").split(separator: 0x0A).map { Array($0) }
        }

        func files(_ folder: String) throws -> [[UInt8]] {
            try Files.names(in: Files.join(self.folder, folder)).map { try bytes("\(folder)/\($0)") }
        }
    }

    private static let all: [Golden] = {
        let root = #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Golden"
        return ((try? Files.names(in: root)) ?? []).map { Golden(folder: root + "/" + $0) }
    }()

    @Test func theFirstVersionsLogIsThere() { #expect(Self.all.contains { $0.testDescription == "v1" }) }

    @Test(arguments: all)
    func everyEntryHoldsAndFollowsFromThoseBefore(golden: Golden) throws {
        let trust = try TrustFile(parsing: golden.text("trust.txt"))
        var keys = KeyRegistry(
            origin: try #require(trust.origin), trustedRoots: [try VerifyingKey(pem: golden.text("root.pub"))])
        var state = LedgerState()
        var judge = DecisionJudge()
        var kinds: [String: Int] = [:]
        var decisions: [DecisionKind: Int] = [:]
        for (offset, bytes) in try golden.entries().enumerated() {
            let index = UInt64(offset)
            let envelope = try DSSEEnvelope(parsing: bytes)
            var trusted = keys.keys(at: index)
            if case .key(let event) = try LedgerEvent(Statement(parsingUnverified: envelope.payload)) {
                trusted = keys.keys(at: index, signing: event)
            }
            let verified = try envelope.verify(trusting: trusted)
            #expect(verified.signers.count == envelope.signatures.count, "entry \(index)")
            let statement = try Statement(verified: verified)
            #expect(try statement.canonicalBytes() == envelope.payload)
            let role = try #require(KeyRegistry.role(for: statement.predicateType))
            #expect(keys.keys(role, at: index).contains { verified.signers.contains($0) }, "entry \(index)")
            let event = try LedgerEvent(statement)
            if let event {
                let request: RequestRecord? =
                    switch event {
                    case .request(let event): state.requests[event.requestID]
                    case .shred(let event): state.requests[event.requestID]
                    default: nil
                    }
                let fault = judge.judge(
                    event, at: index, signers: verified.signers, keys: keys, request: request)
                #expect(fault == nil, "entry \(index)")
                let persons = verified.signers.filter { keys.registrations[$0.keyID]?.role.isPerson == true }
                if !persons.isEmpty, let kind = DecisionKind(event) { decisions[kind, default: 0] += 1 }
            } else if statement.predicateType == PredicateType.unlearningCertificate {
                judge.noteCertificate()
            }
            switch event {
            case .key(let event): try keys.apply(event, at: index, signers: verified.signers)
            case let event?: try state.apply(event, at: index)
            case nil where statement.predicateType == PredicateType.unlearningCertificate:
                _ = try UnlearningCertificate(statement)
            case nil: _ = try TestResult(statement)
            }
            kinds[statement.predicateType, default: 0] += 1
        }
        // One of everything that its version could log.
        for kind in [
            PredicateType.keyEvent, PredicateType.policyEvent, PredicateType.modelEvent, PredicateType.requestEvent,
            PredicateType.runEvent, PredicateType.testResult, PredicateType.unlearningCertificate,
            PredicateType.shredEvent,
        ] { #expect(kinds[kind] ?? 0 > 0, "\(kind)") }
        // Recipients, and decisions that persons sign, came with the third.
        let isOlder = ["v1", "v2"].contains(Files.name(of: golden.folder))
        #expect((kinds[PredicateType.notificationEvent] ?? 0 > 0) == !isOlder)
        #expect(decisions.isEmpty == isOlder)
        if isOlder {
            #expect(state.requests.values.allSatisfy { $0.state == .fulfilled })
        } else {
            #expect(Set(decisions.keys) == Set(DecisionKind.allCases).subtracting([.duplicate, .expire]))
            #expect(
                Set(state.requests.values.map(\.state.name)) == ["fulfilled", "refused", "withdrawn", "duplicate"])
            #expect(state.requests.values.contains { $0.state == .fulfilled && $0.certificateIndex == nil })
        }
        #expect(keys.registrations.values.contains { $0.compromisedFrom != nil })
        // The first version's rotations are signed by root and old key alone; all later ones by the new key too.
        #expect(keys.requiresPossession == (Files.name(of: golden.folder) != "v1"))
    }

    @Test(arguments: all)
    func everyCheckpointIsTheRootOfTheEntries(golden: Golden) throws {
        let trust = try TrustFile(parsing: golden.text("trust.txt"))
        let leaves = try golden.entries().map { MerkleTree.leafHash($0) }
        let logs = try trust.logs.map { try NoteVerifier(name: #require(trust.origin), key: $0) }
        var range = CompactRange()
        var roots: [UInt64: Digest] = [:]
        for leaf in leaves {
            _ = range.append(leaf)
            roots[range.size] = range.rootHash
        }
        var signatures = 0
        for bytes in try golden.files("checkpoints") {
            let note = try SignedNote(parsing: bytes)
            let checkpoint = try Checkpoint(parsing: note.text)
            let verified = try note.verify(with: logs)
            #expect(verified.allSatisfy { trust.validity(of: $0.verifier.key).covers(checkpoint: checkpoint.size) })
            #expect(roots[checkpoint.size] == checkpoint.rootHash && checkpoint.origin == trust.origin)
            signatures = max(signatures, verified.count)
        }
        #expect(signatures == 2, "one checkpoint carries the old and the new log key")
    }

    @Test(arguments: all)
    func everyCertificateVerifiesOffline(golden: Golden) throws {
        let trust = try TrustFile(parsing: golden.text("trust.txt"))
        let files = try golden.files("certificates")
        let chain = try CertificateVerifier.verifyChain(files, trusting: trust)
        #expect(chain.count == files.count && chain.count > 2)
        #expect(chain.dropFirst().allSatisfy { $0.isLinkVerified })
        let entries = try golden.entries()
        for (certificate, file) in zip(chain, files) {
            let envelope = try CertificateFile(parsing: file).certificate
            #expect(envelope.canonicalBytes == entries[Int(certificate.index)])
        }
        let other = TrustFile(key: SigningKey.generate().publicKey)
        #expect(throws: CertificateError.self) { try CertificateVerifier.verifyChain(files, trusting: other) }
    }
}

extension ServiceTests {
    /// Writes a new golden log; only for `Scripts/golden`, which names the folder.
    @Suite(.enabled(if: ProcessInfo.processInfo.environment["LETHE_NEW_GOLDEN"] != nil, "only for Scripts/golden"))
    struct NewGoldenLog {
        @Test func isWritten() throws {
            let folder = try #require(ProcessInfo.processInfo.environment["LETHE_NEW_GOLDEN"])
            let desk = try JudgedDesk.copy()
            try desk.open(Inbox(crm: 204)).certify(desk.runID)
            try decide(desk)
            let workspace = try desk.open(Inbox(crm: 204))
            _ = try workspace.rotateKey(.log)
            _ = try workspace.rotateKey(.controller)
            let agent = SigningKey.generate().publicKey
            let registered = try workspace.registerKey(agent, as: .requester)
            _ = try workspace.revokeKey(agent.keyID, compromisedFrom: registered.entries.upperBound)
            _ = try workspace.revokeKey(try workspace.keys.verifier.publicKey.keyID)
            #expect(try workspace.audit().isEmpty)

            try Files.writeFolder(folder) { (draft) throws(FileError) in
                do {
                    try write(workspace, to: draft)
                } catch let error as FileError {
                    throw error
                } catch {
                    throw .malformed(path: folder, reason: "\(error)")
                }
            }
        }

        /// Adopts a policy with roles, and takes a decision of each kind that needs no waiting, two persons some of them.
        private func decide(_ desk: JudgedDesk) throws {
            var workspace = try desk.open(Inbox(crm: 204))
            let text = String(decoding: try Files.read(workspace.paths.policy, limit: 1 << 16), as: UTF8.self)
            _ = try workspace.adopt(Array((text + "roles: {twoPersons: [refuse, shred]}\n").utf8))
            workspace = try desk.open(Inbox(crm: 204))
            let keys = try [KeyRole.officer, .officer, .engineer, .administrator, .auditor].map { role in
                let key = SigningKey.generate()
                try workspace.registerKey(key.publicKey, as: role)
                return key
            }
            let (officer, second) = (keys[0], keys[1])
            let users = Array(try workspace.data().split.trainingUsers.suffix(3))
            let ids = try (users + [users[2]]).map { user in
                try workspace.submit(Desk.sign(for: user, workspace: workspace).bytes).requestID.text
            }
            _ = try workspace.decide(.refused(.legalObligation), about: ids[0], as: officer)
            try workspace.approve(ids[0], as: second)
            _ = try workspace.shred(ids[0], as: second)
            try workspace.approve(ids[0], as: officer)
            _ = try workspace.decide(.extended(.complexity), about: ids[1], as: officer)
            _ = try workspace.decide(.withdrawn, about: ids[1], as: officer)
            _ = try workspace.decide(.identityDoubted, about: ids[2], as: second)
            _ = try workspace.decide(
                .identityConfirmed, about: ids[2],
                evidence: IdentityProof(level: .documentVerified, method: .documentCheck), as: second)
            // The person is held, so that the desk itself would refuse this; the log's form is what counts here.
            let record = try workspace.request(ids[2])
            let root = recordsRoot(try workspace.data().split.training)
            try workspace.record(
                [
                    .request(
                        RequestEvent(
                            requestID: record.requestID, at: workspace.environment.now(),
                            requestCommitment: record.requestCommitment,
                            kind: .changed(.nothingHeld(trainingRecords: root), clock: nil),
                            extra: ["policy": .string(workspace.policy.digest.hex)]))
                ], by: keys[2])
            _ = try workspace.adopt(Array((text + "roles: {}\n").utf8), as: keys[3])
        }

        private func write(_ workspace: Workspace, to folder: String) throws {
            let size = try workspace.store.size()
            var entries: [UInt8] = []
            for index in 0..<size { entries += try workspace.store.entry(index) + [0x0A] }
            try Files.write(entries, to: Files.join(folder, "entries.jsonl"))
            try Files.createFolder(Files.join(folder, "checkpoints"))
            for size in 1...size {
                guard let note = try workspace.store.checkpoint(size: size) else { continue }
                let digits = String(size)
                let name = String(repeating: "0", count: 4 - digits.count) + digits
                try Files.write(note.bytes, to: Files.join(folder, "checkpoints/\(name).note"))
            }
            try Files.createFolder(Files.join(folder, "certificates"))
            for certificate in try workspace.certificates().prefix(4) {
                let name = Workspace.certificateName(certificate.number)
                try Files.write(
                    Files.read(Files.join(workspace.paths.certificates, name), limit: 1 << 20),
                    to: Files.join(folder, "certificates/\(name)"))
            }
            for (path, name) in [(workspace.paths.trust, "trust.txt"), (workspace.paths.rootKey, "root.pub")] {
                try Files.write(Files.read(path, limit: 1 << 20), to: Files.join(folder, name))
            }
        }
    }
}
