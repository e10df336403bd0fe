import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheStatements
import LetheStore
import LetheUnlearning

/// Whether those who verify papers let honest ones through and refuse false ones, each for the right reason.
///
/// One honest workspace with invented data and keys is made, and its papers must hold: else a refusal would say nothing. Every
/// false paper is then made on a copy of it, with the controller's own keys, and shown to the functions behind the commands.
/// Everything lies in one folder below the output, which is gone at the end.
public struct PaperCourt: Sendable {
    private let folder: String
    private let environment: ServiceEnvironment

    /// A court that works in a folder of its own below `output`.
    public init(output: String, environment: ServiceEnvironment) {
        folder = Files.join(output, "papers.incomplete")
        self.environment = environment
    }

    /// Makes all papers and has them judged.
    /// - Returns: nil where it was asked to stop; nothing is kept.
    public func run(
        isInterrupted: @escaping @Sendable () -> Bool = { false },
        events: @escaping (MethodsBenchmark.Event) -> Void
    ) throws -> PapersReport? {
        var environment = environment
        // What papers say of times is invented like the rest, and does not depend on how long this machine takes.
        let noon = try Timestamp("2026-03-02T12:00:00Z")
        environment.now = { noon }
        environment.shouldStop = isInterrupted
        try Files.remove(folder)
        try Files.createFolders(folder, permissions: 0o700)
        defer { try? Files.remove(folder) }
        let count = FalsePaper.allCases.count + 1
        do {
            events(.job(number: 1, of: count, name: "honest papers", secondsLeft: nil))
            let honest = try HonestPapers(in: folder, environment: environment) { events(.progress($0)) }
            let hearing = PaperHearing(honest: honest, folder: folder) { events(.progress($0)) }
            let checks = try hearing.honestChecks()
            var cases: [PapersReport.Case] = []
            for (place, paper) in FalsePaper.allCases.enumerated() {
                if isInterrupted() { return nil }
                events(.job(number: place + 2, of: count, name: paper.rawValue, secondsLeft: nil))
                cases.append(try hearing.hear(paper))
            }
            return PapersReport(
                honest: checks, cases: cases, program: try environment.program(), machine: environment.description)
        } catch is TrainingStopped { return nil }
    }
}

/// What is asked of one verifier after the other.
struct PaperHearing {
    let honest: HonestPapers
    let folder: String
    let progress: (ServiceProgress) -> Void

    // MARK: The verifiers' words

    /// Why `lethe certificate verify` refuses it; nothing where it does not.
    func verify(_ file: CertificateFile, trusting trust: TrustFile) -> [String] {
        do {
            _ = try CertificateVerifier.verify(file.bytes(), trusting: trust)
            return []
        } catch let error as CertificateError { return [error.reason] } catch { return ["\(error)"] }
    }

    /// The fields that `lethe log audit` names.
    func audit(_ workspace: Workspace) throws -> [String] {
        try workspace.audit().reduce(into: []) { if !$0.contains($1.field) { $0.append($1.field) } }
    }

    /// What differs when `lethe replay` repeats a run.
    func replay(_ run: String, in workspace: Workspace, people: String) throws -> [String] {
        let repeated = Files.join(folder, "repeated")
        defer { try? Files.remove(repeated) }
        return try workspace.replay(run, subjects: people, to: repeated, progress: progress)
            .comparisons.filter { !$0.isEqual }.map(\.artifact)
    }

    /// Why `lethe replay --bundle` does not begin; nothing where it does.
    func open(_ bundle: String, trusting trust: TrustFile) throws -> [String] {
        do {
            _ = try BundledRun.open(bundle, data: honest.data, trusting: trust, environment: honest.environment)
            return []
        } catch ServiceError.bundleDoesNotHold(_, let problem) {
            return [problem.contains(" do not follow ") ? FalsePaper.seedsBeforeInputs.reason : problem]
        }
    }

    /// Why `lethe model check` does not let a model into service.
    func check(_ model: String, in workspace: Workspace) throws -> [String] {
        switch try workspace.standing(ofModel: model).standing {
        case .current: []
        case .superseded: ["superseded"]
        case .notForService: ["not for service"]
        case .unknown: ["unknown"]
        }
    }

    // MARK: The honest papers

    /// That what is true is let through, by everybody who is asked later.
    func honestChecks() throws -> [RedTeamReport.Check] {
        let workspace = try honest.open()
        let trust = try workspace.trust()
        let answers = [honest.compared, honest.replaced, honest.current]
        let files = try answers.map { try honest.certificate($0) }
        let chain: String
        do {
            chain = try CertificateVerifier.verifyChain(files, trusting: trust).map(
                \.certificate.verification.verdict.rawValue
            )
            .joined(separator: ", ")
        } catch { chain = "\(error)" }
        func check(_ claim: String, _ refusals: [String]) -> RedTeamReport.Check {
            .init(
                claim: claim, found: refusals.isEmpty ? "holds" : refusals.joined(separator: ", "),
                holds: refusals.isEmpty)
        }
        let bundle = Files.join(folder, "honest-bundle")
        try workspace.writeBundle(honest.current.number, to: bundle, replayable: true)
        defer { try? Files.remove(bundle) }
        let candidate = Files.join(workspace.paths.run(honest.current.run), "candidate")
        return [
            .init(
                claim: "the honest certificates verify as one chain, with these verdicts", found: chain,
                holds: chain == "INCONCLUSIVE, PASS-EXACT, PASS-EXACT"),
            check("the honest log passes its audit", try audit(workspace)),
            check(
                "the honest run with references is repeated bit for bit",
                try replay(honest.compared.run, in: workspace, people: honest.compared.people)),
            check(
                "the honest retraining is repeated bit for bit",
                try replay(honest.current.run, in: workspace, people: honest.current.people)),
            check("the honest bundle opens", try open(bundle, trusting: trust)),
            check("the honest model is the one in service", try self.check(candidate, in: workspace)),
        ]
    }

    // MARK: The false papers

    /// Makes a false paper on a copy, asks who has to refuse it, and the others where that is cheap.
    func hear(_ paper: FalsePaper) throws -> PapersReport.Case {
        let copy = Files.join(folder, paper.rawValue)
        defer { try? Files.remove(copy) }
        let forger = try Forger(
            copying: paper.beginsBeforeReferences ? honest.beforeReferences : honest.root, to: copy,
            environment: honest.environment)
        let (found, others): ([String], [PaperVerifier: [String]]) =
            switch paper {
            case .madeUpTraining, .reorderedBatches: try hearTraining(paper, forger)
            case .droppedReference, .betterReference: try hearReferences(paper, forger)
            case .seedsBeforeInputs: (try hearRewrittenLog(forger), [:])
            case .inventedRoot, .searchedReferenceSeeds: (try hearSeeds(paper, forger), [:])
            case .searchedSeed, .publishedChoice, .secondTest: try hearCertificate(paper, forger)
            case .changedFigure, .retiredKey, .otherLog, .otherTenant: (try hearVerification(of: paper, forger), [:])
            case .originalServed, .patchedServed, .replacedModel: (try hearModel(paper, forger), [:])
            }
        return PapersReport.Case(
            paper: paper, found: found,
            passes: PaperVerifier.allCases.filter { others[$0]?.isEmpty == true })
    }
}

extension FalsePaper {
    /// Whether it is a false end of an honest run's beginning.
    fileprivate var beginsBeforeReferences: Bool {
        switch self {
        case .droppedReference, .betterReference, .searchedReferenceSeeds: true
        default: false
        }
    }
}

extension CertificateError {
    /// What is wrong, in a few words; the whole line where a false paper has no business to come there.
    fileprivate var reason: String {
        switch self {
        case .controllerSignature: FalsePaper.changedFigure.reason
        case .keyNotValid: FalsePaper.retiredKey.reason
        case .proof(.wrongOrigin(expected: _, found: _)): FalsePaper.otherLog.reason
        case .wrongTenant: FalsePaper.otherTenant.reason
        default: "\(self)"
        }
    }
}
