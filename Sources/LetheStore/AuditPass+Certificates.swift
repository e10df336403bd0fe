import LetheCrypto
import LetheLog
import LetheRequests
import LetheStatements

/// What a run's entries say that its certificates must repeat.
struct RunEvidence {
    /// The checkpoint that the run's seeds were drawn from.
    var seeds: SeedSource?
    /// The same of the references.
    var referenceSeeds: SeedSource?
    /// The references, all of them.
    var references: [ReferenceModel] = []
    /// The entry of the forgetting test.
    var testResultEntry: UInt64?
}

extension AuditPass {
    /// Takes note of what certificates must repeat, and holds each reference's seed to the checkpoint that it must come from: one that was
    /// searched for comes from nowhere.
    mutating func noteEvidence(of event: RunEvent, at index: UInt64) {
        var known = evidence[event.runID] ?? RunEvidence()
        switch event.step {
        case .seedsDrawn(let source): known.seeds = source
        case .referenceSeedsDrawn(let source): known.referenceSeeds = source
        case .referencesCommitted(let models):
            known.references = models
            guard let source = known.referenceSeeds else { break }
            for (place, model) in models.enumerated() {
                let drawn = source.referenceSeed(place + 1, runID: event.runID)
                if model.seed != drawn {
                    report(
                        .entry(index), "references.seed",
                        expected:
                            "\(drawn) for reference \(place + 1), of the checkpoint of size \(source.checkpointSize)",
                        found: "\(model.seed)")
                }
            }
        case .verified(let judgement): known.testResultEntry = judgement.testResultEntry
        case .inputsCommitted, .candidateCommitted, .residue, .abandoned: return
        }
        evidence[event.runID] = known
    }

    /// What ties a certificate to the log must be what the log says.
    mutating func checkCertificate(_ statement: Statement, _ entry: ReadEntry) throws {
        let index = entry.index
        let claim: CertificateClaim
        do { claim = try CertificateClaim(statement) } catch {
            report(.entry(index), "certificate", expected: "the members of a certificate", found: "\(error)")
            return
        }
        if claim.previous != certificates.last {
            report(
                .entry(index), "previousCertificate",
                expected: certificates.last.map { "entry \($0.index) with SHA-256 \($0.sha256)" } ?? "null",
                found: claim.previous.map { "entry \($0.index) with SHA-256 \($0.sha256)" } ?? "null")
        }
        // The receipt itself, not a row that speaks of it.
        let received = try receipt(of: claim.requestID, before: index)
        try certificates.insert(
            .init(sha256: Digest(sha256: entry.bytes), index: index), of: claim.requestID, isKnown: received != nil)
        guard let received else {
            report(
                .entry(index), "request", expected: "one that was received before",
                found: Printable.quoted(claim.requestID))
            return
        }
        if claim.receivedIndex != received.index {
            report(
                .entry(index), "request.receivedEntry.index", expected: "\(received.index)",
                found: "\(claim.receivedIndex)")
        } else if received.leafHash != claim.receivedLeafHash {
            report(
                .entry(index), "request.receivedEntry.leafHash", expected: "\(received.leafHash)",
                found: "\(claim.receivedLeafHash)")
        }
        checkRun(of: claim, at: index)
        if claim.subjectCommitment != received.subjectCommitment {
            report(
                .entry(index), "request.subjectCommitment", expected: "\(received.subjectCommitment)",
                found: "\(claim.subjectCommitment)")
        }
    }

    /// What a certificate says of its run must be what the run's own entries say.
    private mutating func checkRun(of claim: CertificateClaim, at index: UInt64) {
        guard let run = RunID(claim.runID).flatMap({ state.runs[$0] }) else {
            report(
                .entry(index), "unlearning.runId", expected: "a run of this log", found: Printable.quoted(claim.runID))
            return
        }
        if run.verdict?.rawValue != claim.verdict {
            report(
                .entry(index), "verification.verdict",
                expected: run.verdict?.rawValue ?? "none: the run was not judged",
                found: Printable.quoted(claim.verdict))
        }
        // A certificate that leaves out who was not told would report a partial failure as success.
        for (recipient, outcome) in (notified[run.runID] ?? [:]).sorted(by: { $0.key < $1.key })
        where claim.notifications[recipient] != outcome {
            report(
                .entry(index), "notifications", expected: "\(recipient): \(outcome)",
                found: claim.notifications[recipient].map { Printable.quoted($0) } ?? "none")
        }
        for (field, artifact, claimed) in claim.artifacts {
            let logged = run.artifacts[artifact]?.first
            if logged != claimed {
                report(.entry(index), field, expected: logged.map { "\($0)" } ?? "none", found: "\(claimed)")
            }
        }
        checkEvidence(of: claim, run: run.runID, at: index)
    }

    /// Seeds, references and forgetting test of a certificate must be those of its run, all of them: a choice among references, or a
    /// second and kinder test, stands in no entry of the run.
    private mutating func checkEvidence(of claim: CertificateClaim, run: RunID, at index: UInt64) {
        let known = evidence[run] ?? RunEvidence()
        func text(_ source: SeedSource?) -> String {
            source.map { "\($0.rootHash) at size \($0.checkpointSize)" } ?? "none"
        }
        func text(_ models: [ReferenceModel]) -> String {
            models.isEmpty ? "none" : models.map { "\($0.model) \($0.seed)" }.joined(separator: ", ")
        }
        var parts: [(field: String, expected: String, found: String)] = []
        if let seed = claim.seed {
            let drawn = known.seeds.map { "\($0.unlearningSeed(runID: run))" } ?? "none: the run drew no seeds"
            parts.append(("unlearning.seed", drawn, "\(seed)"))
            parts.append(("unlearning.seedCheckpoint", text(known.seeds), text(claim.seeds)))
        }
        if let references = claim.references {
            let source = known.references.isEmpty ? nil : known.referenceSeeds
            parts.append(("verification.references", text(known.references), text(references)))
            parts.append(("verification.seedCheckpoint", text(source), text(claim.referenceSeeds)))
        }
        if let test = claim.testResult {
            let logged = known.testResultEntry.flatMap { try? tables.entry($0) }.map { "\(Digest(sha256: $0))" }
            parts.append(("verification.attestations", logged ?? "none: the run was not judged", "\(test)"))
        }
        for part in parts where part.expected != part.found {
            report(.entry(index), part.field, expected: part.expected, found: part.found)
        }
    }
}
