import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheRecommendation
import LetheReports
import LetheRequests
import LetheStatements
import LetheStore
import Testing

@testable import LetheService

extension ServiceTests {
    /// After a run over twenty people's requests that passed.
    struct Answer {
        private func certificateFiles(_ workspace: Workspace) throws -> [[UInt8]] {
            try workspace.certificates().map {
                try Files.read(
                    Files.join(workspace.paths.certificates, Workspace.certificateName($0.number)), limit: 1 << 20)
            }
        }

        @Test func theRunPassedAndEveryRequestIsFulfilled() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.open()
            #expect(desk.measured.verdict == "PASS-STATISTICAL", "\(desk.measured.reasons)")
            #expect(!desk.measured.gates.contains { $0.gate == "G3" }, "the policy does not ask for it")
            let relative = try #require(desk.measured.relativeTests)
            #expect(relative.count == 6 && relative.allSatisfy { 0...1 ~= $0.pValue && $0.difference.lower != nil })
            #expect(try workspace.auditReport(desk.runID).relativeTests.map(\.symbol) == ["JSD", "sym. KL", "L2"])
            #expect(try workspace.measurements(desk.runID) == desk.measured)
            let requests = try workspace.requests()
            #expect(requests.map(\.requestID) == desk.answered.filed.map(\.request.requestID))
            #expect(requests.allSatisfy { $0.state == .fulfilled && $0.shreddedIndex != nil })
            #expect(try workspace.lastJudgedRun() == desk.runID)
            #expect(throws: ServiceError.nothingDue) { _ = try workspace.unlearn { _ in } }
        }

        @Test func everyCommitmentIsInTheLogBeforeTheSeedsThatItMustNotKnow() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.open()
            let entries = try Entry.all(of: workspace)
            func index(_ name: String) throws -> UInt64 { try #require(entries.first { $0.name == name }).index }
            let order = [
                "received", "inputs-committed", "seeds-drawn", "candidate-committed", "reference-seeds-drawn",
                "references-committed", "test result", "verified", "certificate", "fulfilled", "shred",
            ]
            let indexes = try order.map(index)
            #expect(indexes == indexes.sorted(), "\(zip(order, indexes).map { "\($0) \($1)" })")
            // A checkpoint of size n covers entries 0 to n - 1.
            for (seeds, commitment) in [
                ("seeds-drawn", "inputs-committed"), ("reference-seeds-drawn", "candidate-committed"),
            ] {
                let step = try #require(entries.first { $0.name == seeds }?.runStep)
                let (source, at) = (try #require(step.seedSource), try index(seeds))
                #expect(source.checkpointSize > (try index(commitment)))
                #expect(source.checkpointSize <= at)
                #expect(source.rootHash == (try workspace.store.rootHash(size: source.checkpointSize)))
            }
        }

        @Test func aStrangerDerivesEverySeedFromTheLog() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.open()
            let runID = try #require(RunID(desk.runID))
            let steps = try Entry.all(of: workspace).compactMap(\.runStep)
            let run = try #require(steps.first { $0.name == "seeds-drawn" }?.seedSource)
            let reference = try #require(steps.first { $0.name == "reference-seeds-drawn" }?.seedSource)
            func derived(_ source: LetheRequests.SeedSource, _ purpose: String) -> UInt64 {
                hmacSHA256(key: source.rootHash.bytes, message: Array((desk.runID + purpose).utf8)).bytes.prefix(8)
                    .reduce(0) { $0 << 8 | UInt64($1) }
            }
            let models = steps.compactMap { step -> [ReferenceModel]? in
                if case .referencesCommitted(let models) = step { models } else { nil }
            }.joined()
            #expect(models.count == 3)
            for (number, model) in models.enumerated() {
                #expect(model.seed == derived(reference, "reference/\(number + 1)/order"))
            }
            #expect(Set(models.map(\.model)).count == models.count, "other seeds make other models")
            let certificate = try CertificateVerifier.verify(
                try #require(try certificateFiles(workspace).first), trusting: workspace.trust()
            ).certificate
            #expect(certificate.unlearning.seed == derived(run, "unlearn/order"))
            #expect(certificate.unlearning.seed == run.seed(for: "unlearn/order", runID: runID))
            #expect(certificate.unlearning.seedSource?.rootHash == run.rootHash)
        }

        @Test func everyCertificateHoldsOfflineAndNamesTheOneBefore() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.open()
            let files = try certificateFiles(workspace)
            #expect(files.count == desk.answered.filed.count)
            let chain = try CertificateVerifier.verifyChain(files.reversed(), trusting: workspace.trust())
            #expect(chain.map(\.certificate.request.requestID) == desk.answered.filed.map(\.request.requestID.text))
            #expect(chain.first?.certificate.previous == nil)
            #expect(chain.dropFirst().allSatisfy { $0.isLinkVerified })
            #expect(chain.allSatisfy { $0.rolesAreApart && $0.certificate.verification.verdict == .passStatistical })
            for (certificate, request) in zip(chain, try workspace.requests()) {
                #expect(certificate.index == request.certificateIndex)
                #expect(certificate.certificate.request.subjectCommitment == request.subjectCommitment)
            }
            let removed = try workspace.data().split.training.filter { $0.userID == desk.answered.filed[0].user }.count
            #expect(chain.first?.certificate.dataset.recordsRemoved == UInt64(removed))
        }

        @Test func anotherControllersKeysVerifyNothing() throws {
            let desk = try Desk.current
            let file = try #require(try certificateFiles(desk.answered.open()).first)
            let other = try Desk.create(in: try TestFolder(), data: desk.data)
            #expect(throws: CertificateError.self) {
                try CertificateVerifier.verify(file, trusting: other.trust())
            }
        }

        @Test func aSkippedCertificateIsMissed() throws {
            let workspace = try Desk.current.answered.open()
            var files = try certificateFiles(workspace)
            files.remove(at: 3)
            let chain = try CertificateVerifier.verifyChain(files, trusting: workspace.trust())
            #expect(chain.dropFirst().map(\.isLinkVerified) == (1..<chain.count).map { $0 != 3 })
        }

        @Test func theAuditOfAnUntouchedLedgerFindsNothing() throws {
            let desk = try Desk.current
            #expect(try desk.answered.open().audit().isEmpty)
            let outcome = try Workspace.auditLedger(
                at: desk.answered.root, environment: Desk.environment(), listing: .max)
            #expect(outcome.entries == (try desk.answered.open().store.size()))
            #expect(outcome.findings.isEmpty && outcome.checkedSignatures && outcome.firstBadEntry == nil)
            #expect(outcome.lastGoodCheckpoint?.size == outcome.entries)
            #expect(outcome.lastGoodWitnessedCheckpoint == nil)
            let requests = desk.answered.filed.count
            #expect(outcome.completeness.requests == requests && outcome.completeness.certificates == requests)
            #expect(outcome.completeness.withoutCertificate.isEmpty)
        }

        @Test func everyEntryCanBeProved() throws {
            let workspace = try Desk.current.answered.copy().open()
            let size = try workspace.store.size()
            let log = try NoteVerifier(
                name: workspace.origin, key: try WorkspaceKeys.read(from: workspace.paths).log.publicKey)
            for index in 0..<size {
                let proof = try TransparencyProof(parsing: try workspace.prove(index).text)
                let inclusion = try proof.verify(
                    leafHash: MerkleTree.leafHash(try workspace.store.entry(index)), log: log)
                #expect(inclusion.index == index)
            }
            #expect(throws: ServiceError.unknownEntry(index: size, size: size)) { try workspace.prove(size) }
            #expect(throws: ServiceError.self) { try workspace.prove(.max) }
        }

        @Test func afterShreddingNothingNamesAPersonAnywhere() throws {
            let desk = try Desk.current
            let root = desk.answered.root
            var needles: [(what: String, bytes: [UInt8])] = []
            for filed in desk.answered.filed {
                let payload = try DSSEEnvelope(parsing: filed.bytes).payload
                let nonce = Hex.encode(filed.request.nonce)
                needles += [
                    ("request", filed.bytes), ("payload", payload),
                    ("payload in base64", Array(Base64.encode(payload).utf8)),
                    ("nonce", filed.request.nonce), ("nonce in hex", Array(nonce.utf8)),
                    ("subject", Array("{\"type\":\"user-id\",\"value\":\"\(filed.user)\"}".utf8)),
                    ("subject", Array("user-id:\(filed.user)".utf8)),
                ]
            }
            var searched = 0
            for path in try Snapshot.files(below: root) where !path.hasSuffix(".safetensors") {
                // SQLite's own files beside the database come and go with its readers in other tests.
                let mayVanish = path.hasSuffix("-wal") || path.hasSuffix("-shm")
                guard let bytes = try? Files.read(Files.join(root, path), limit: 1 << 28) else {
                    #expect(mayVanish, "\(path) cannot be read")
                    continue
                }
                searched += 1
                for needle in needles {
                    #expect(bytes.firstRange(of: needle.bytes) == nil, "\(needle.what) in \(path)")
                }
            }
            #expect(searched > 20)
            let workspace = try desk.answered.open()
            for filed in desk.answered.filed {
                #expect(throws: StoreError.self) {
                    _ = try workspace.store.openVault(filed.request.requestID, masterKey: workspace.masterKey)
                }
            }
        }

        @Test func aReplayIsRefusedEvenAfterShredding() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.copy().open()
            let before = try LogState(workspace)
            let filed = try #require(desk.answered.filed.last)
            let error = #expect(throws: ServiceError.self) { try workspace.submit(filed.bytes) }
            guard case .replayed(let id, let entry) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(id == filed.request.requestID.text)
            #expect(try Entry.all(of: workspace)[Int(entry)].name == "received")
            #expect(try LogState(workspace) == before)
        }

        @Test func eachStepOfARunIsTakenOnce() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.copy().open()
            let before = try LogState(workspace)
            #expect(throws: ServiceError.self) { try workspace.verify(desk.runID) { _ in } }
            let paths = try workspace.certify(desk.runID)
            #expect(paths.count == desk.answered.filed.count, "the certificates that are there already")
            let nobody = "00000000-0000-4000-8000-000000000000"
            #expect(throws: ServiceError.unknownRun(id: nobody)) { try workspace.certify(nobody) }
            #expect(throws: ServiceError.unknownRun(id: "x")) { try workspace.verify("x") { _ in } }
            #expect(try LogState(workspace) == before)
        }

        /// The log has the certificates, their folder cannot be written: nothing is lost, and the same call finishes the work.
        @Test func certificatesWhoseFilesCouldNotBeWrittenAreWrittenLater() throws {
            let desk = try Desk.current
            let workspace = try desk.answered.copy().open()
            let before = try LogState(workspace)
            let folder = workspace.paths.certificates
            try Files.remove(folder)
            try Files.write([], to: folder)
            #expect(throws: FileError.self) { try workspace.certify(desk.runID) }
            try Files.remove(folder)
            try Files.createFolder(folder)
            let paths = try workspace.certify(desk.runID)
            #expect(try LogState(workspace) == before, "no certificate is issued twice")
            #expect(try workspace.certificates().map(\.number) == Array(1...desk.answered.filed.count))
            let chain = try CertificateVerifier.verifyChain(
                paths.map { try Files.read($0, limit: 1 << 20) }, trusting: workspace.trust())
            #expect(chain.map(\.certificate.request.requestID) == desk.answered.filed.map(\.request.requestID.text))
        }

        @Test func measurementsThatAreNotThoseInTheLogAreRefused() throws {
            let desk = try Desk.current
            let moment = try desk.answered.copy()
            let workspace = try moment.open()
            let path = Files.join(moment.root, "runs/\(desk.runID)/measurements.json")
            let bytes = try Files.read(path, limit: 1 << 20)
            let digits = bytes.indices.filter { (UInt8(ascii: "1")...UInt8(ascii: "8")).contains(bytes[$0]) }
            for place in stride(from: 0, to: digits.count, by: max(1, digits.count / 20)) {
                var changed = bytes
                changed[digits[place]] += 1
                try Files.write(changed, to: path)
                for read in [
                    { _ = try workspace.measurements(desk.runID) }, { _ = try workspace.auditReport(desk.runID) },
                ] as [() throws -> Void] {
                    let error = #expect(throws: ServiceError.self) { try read() }
                    #expect("\(try #require(error))".contains("measurements.json"))
                }
            }
            try Files.write(bytes, to: path)
            #expect(try workspace.measurements(desk.runID) == desk.measured)
        }

        @Test func theReportComesInEveryForm() throws {
            let desk = try Desk.current
            let folder = Files.join(desk.answered.root, "reports")
            let names = try Files.names(in: folder)
            #expect(Set(names) == Set(["html", "md", "json", "csv"].map { "audit-\(desk.runID).\($0)" }))
            let html = try String(contentsOfFile: Files.join(folder, "audit-\(desk.runID).html"), encoding: .utf8)
            for filed in desk.answered.filed { #expect(html.contains(filed.request.requestID.text)) }
            let json = try StrictJSON.parse(
                try Files.read(Files.join(folder, "audit-\(desk.runID).json"), limit: 1 << 24))
            #expect(json.objectValue != nil)
        }
    }
}

extension RunEvent.Step {
    /// The checkpoint that the step drew seeds from.
    var seedSource: LetheRequests.SeedSource? {
        switch self {
        case .seedsDrawn(let source), .referenceSeedsDrawn(let source): source
        default: nil
        }
    }
}
