import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheRequests
import LetheUnlearning

/// What is there of a run beside the log: what a difference is placed by, and what must not say anything else.
struct KeptRun {
    /// The run's own folder, with its models; nil where it is not there, as in an auditor's copy.
    var folder: String?
    /// Where trajectories lie; nil where nothing is there.
    var trajectories: String?
    /// What holds what is kept, for people.
    var place = "the run's folder"
    /// The original, while it is kept.
    var original: String?
    /// A folder that should hold the candidate, where there is no run's own.
    var candidate: String?
    /// What else is not compared.
    var limits: [String] = []
}

extension KeptRun {
    /// The folder of a model by its place in a run's own; nil where it is not there.
    func model(_ place: String) -> String? {
        folder.map { Files.join($0, place) } ?? (place == "candidate" ? candidate : nil)
    }

    /// What a workspace has of a run.
    init(_ run: RunID, in paths: WorkspacePaths) {
        let folder = paths.run(run.text)
        original = paths.model("original")
        if Files.kind(folder) == .folder {
            (self.folder, trajectories) = (folder, folder)
        } else {
            limits = ["\(folder) is not there: a difference is not placed within a model or file"]
        }
        limits.append("signatures, tree and keys: lethe log audit does")
    }
}

/// Lays what a repetition makes beside what the log commits to and what is kept of the run.
struct ReplayComparison {
    private let logged: LoggedRun
    private let kept: KeptRun
    private var folder: String? { kept.folder }
    private let repeated: String
    private var comparisons: [ReplayOutcome.Comparison] = []
    private var notCompared: [String] = []
    private var isFromBase = false
    /// The repeated reference models so far.
    private(set) var references: [ReferenceModel] = []
    /// The repeated further originals.
    private(set) var originals: [ReferenceModel] = []

    init(_ logged: LoggedRun, beside kept: KeptRun, repeated: String) {
        (self.logged, self.kept, self.repeated) = (logged, kept, repeated)
    }

    /// The outcome, with what nobody can repeat.
    func outcome(method: String, threads: Int) -> ReplayOutcome {
        let states = logged.residue.count { $0.kind == .trainingCheckpoint }
        var limits = notCompared
        if states > 0 {
            limits.append(
                "\(states) checkpoints of interrupted or sharded trainings: they were sealed, and are destroyed")
        }
        if logged.judgement != nil, logged.references == nil {
            limits.append("the verdict: it rests on no reference model")
        }
        if logged.judgement == nil { limits.append("the run has no verdict yet") }
        limits.append(
            isFromBase
                ? "the training of the base model: it is an input"
                : "the training of base and original model: they are inputs")
        limits += kept.limits
        return ReplayOutcome(
            run: logged.runID.text, method: method, threads: threads, comparisons: comparisons, notCompared: limits)
    }

    /// Says something that is not compared.
    mutating func limit(_ line: String) { notCompared.append(line) }

    // MARK: Steps of a run, in their order

    /// The roots that seeds were drawn from, beside those that the log's tree has at their sizes.
    mutating func compareSeeds() throws {
        for (name, source) in logged.seedSources {
            note(
                name, committed: source.rootHash.hex,
                found: try logged.root(at: source.checkpointSize)?.hex ?? "none: the log is shorter",
                ["the root at size \(source.checkpointSize), which seeds are drawn from, is not the log's"])
        }
    }

    mutating func compareOriginal(_ found: Digest) {
        isFromBase = true
        let committed = logged.inputs.originalModel
        guard found != committed, let stored = kept.original, (try? ModelDigest(folder: stored).digest) == committed
        else {
            return note(
                "original model", committed: committed.hex, found: found.hex,
                ["no original of that digest is kept: nothing to place the difference by"])
        }
        note(
            "original model", committed: committed.hex, found: found.hex,
            Differences.ofModels(expected: stored, found: Files.join(repeated, "original")))
    }

    mutating func compare(_ model: UnlearnedModel, candidate: Digest, trajectory: Trajectory) {
        let read = logged.modelsRead.map { "\($0.role.rawValue)" }.joined(separator: ", ")
        note("models read", committed: read, found: model.modelsRead.map(\.rawValue).joined(separator: ", "))
        // What sealed states left is named after what the method left, and cannot be repeated.
        let committed = logged.residue.filter { $0.kind != .trainingCheckpoint }
        let found = model.residue.filter { $0.kind != .trainingCheckpoint }
        for index in 0..<max(committed.count, found.count) {
            let (left, right) = (committed.element(index), found.element(index))
            note(
                (left?.kind ?? right?.loggedKind)?.rawValue ?? "residue", committed: left?.artifact.hex ?? "none",
                found: right.map { right in
                    left == nil || left?.kind == right.loggedKind
                        ? right.digest.hex : "\(right.loggedKind.rawValue) \(right.digest.hex)"
                } ?? "none")
        }
        for event in logged.modelsRead where event.role == .augmented {
            let augmented = found.first { $0.kind == .augmentedModel }?.digest.hex
            note("augmented model, as it was read", committed: event.digest.hex, found: augmented ?? "none")
        }
        compare(trajectory, of: "candidate", in: Trajectory.candidateFile, committed: logged.trajectory)
        compareModel("candidate", "candidate", committed: logged.candidate, found: candidate)
    }

    /// All that the policy asks for must be in the log, not a choice of them.
    mutating func compareReferenceCount(_ count: Int) {
        note("number of reference models", committed: "\(logged.references?.count ?? 0)", found: "\(count)")
    }

    mutating func compare(_ reference: ReferenceModel, number: Int) {
        guard let committed = compareSeed(of: reference, number: number) else { return }
        compareModel(
            "reference \(number)", "references/\(number)", committed: committed.model, found: reference.model)
    }

    /// A reference that is not trained again: its model is the log's.
    mutating func take(_ reference: ReferenceModel, number: Int) {
        guard compareSeed(of: reference, number: number) != nil else { return }
        notCompared.append("the training of reference \(number): not drawn, its model in the run's folder was taken")
    }

    /// - Returns: what the log has for it; nil where it has fewer, which their number shows.
    private mutating func compareSeed(of reference: ReferenceModel, number: Int) -> ReferenceModel? {
        references.append(reference)
        guard let committed = logged.reference(number) else { return nil }
        note("seed of reference \(number)", committed: "\(committed.seed)", found: "\(reference.seed)")
        return committed
    }

    /// Further originals, by their weights and seeds: all that the policy asks for, and no others.
    mutating func compareOriginals(_ repeated: [ReferenceModel]) {
        originals = repeated
        let committed = logged.membershipOriginals ?? []
        for number in 0..<max(committed.count, repeated.count) {
            let (left, right) = (committed.element(number), repeated.element(number))
            note(
                "further original \(number + 1)", committed: left?.model.hex ?? "none",
                found: right?.model.hex ?? "none")
            note(
                "seed of further original \(number + 1)", committed: left.map { "\($0.seed)" } ?? "none",
                found: right.map { "\($0.seed)" } ?? "none")
        }
    }

    /// - Parameter isSample: whether only some were trained again.
    mutating func compareReferences(_ trajectory: Trajectory, isSample: Bool) {
        compare(
            trajectory, of: "references", in: Trajectory.referencesFile, committed: logged.referenceTrajectory,
            isSample: isSample)
    }

    mutating func compare(_ judged: RunJudgement, measurements: Measurements, test: [UInt8]) throws {
        let bytes = try measurements.bytes()
        let stored = folder.flatMap { try? Files.read(Files.join($0, "measurements.json"), limit: 1 << 26) }
        let storedDigest = stored.map { Digest(sha256: $0) }
        let found = Digest(sha256: bytes)
        note(
            "measurements", committed: judged.measurements.hex, found: found.hex,
            storedDigest == judged.measurements
                ? Differences.ofDocuments(expected: stored ?? [], found: bytes) : [unplaced(kept.place)])
        if folder != nil {
            note(
                "measurements.json in the run's folder", committed: judged.measurements.hex,
                found: storedDigest?.hex ?? "missing",
                found == judged.measurements
                    ? stored.map { Differences.ofDocuments(expected: bytes, found: $0) } ?? [] : [])
        }
        note("verdict", committed: judged.verdict.rawValue, found: measurements.verdict)
        if let committed = logged.test {
            note(
                "forgetting test", committed: Digest(sha256: committed).hex, found: Digest(sha256: test).hex,
                Differences.ofDocuments(expected: committed, found: test))
        }
    }

    /// Residue that is logged after the candidate's, with references and verdict.
    private static let residueOfVerification = Set(
        [LetheRequests.Residue.Kind.originalModel, .forgottenRecords].map(\.rawValue))

    /// What the run's folder says about the run beside its models: nothing is taken from it, and it must not say anything else.
    mutating func compareDossier() {
        guard let folder else { return }
        let name = "run.json in the run's folder"
        let dossier: RunDossier
        do { dossier = try RunDossier.read(from: folder) } catch {
            note(name, committed: "what the log says", found: "\(error)")
            return
        }
        func text(_ source: LetheRequests.SeedSource) -> String { "\(source.checkpointSize) \(source.rootHash.hex)" }
        func text(_ checkpoint: RunDossier.Checkpoint) -> String { "\(checkpoint.size) \(checkpoint.root)" }
        var said: [(name: String, committed: String, found: String?)] = [
            ("method", logged.inputs.method, "urn:lethe:method:\(dossier.method):v1"),
            ("parameters", logged.inputs.parameters.hex, dossier.methodDigest.hex),
            ("datasetBefore", logged.inputs.datasetBefore.hex, dossier.datasetBefore),
            ("datasetAfter", logged.inputs.datasetAfter.hex, dossier.datasetAfter),
            ("recordsRemoved", "\(logged.inputs.recordsRemoved)", "\(dossier.recordsRemoved.reduce(0, &+))"),
            ("baseDigest", logged.inputs.baseModel.hex, dossier.baseDigest),
            ("originalDigest", logged.inputs.originalModel.hex, dossier.originalDigest),
            ("seeds", text(logged.seeds), dossier.seeds.map(text)),
            ("candidateDigest", logged.candidate.hex, dossier.candidateDigest),
            (
                "residue", logged.residue.map { "\($0.kind.rawValue) \($0.artifact.hex)" }.joined(separator: ", "),
                dossier.residue.filter { !Self.residueOfVerification.contains($0.kind) }
                    .map { "\($0.kind) \($0.digest)" }.joined(separator: ", ")
            ),
        ]
        // The folder learns of these with the verdict.
        if let judged = logged.judgement {
            said += [
                ("referenceSeeds", logged.referenceSeeds.map(text) ?? "", dossier.referenceSeeds.map(text) ?? ""),
                (
                    "references",
                    logged.references.map { $0.map { "\($0.model.hex) \($0.seed)" } }?.joined(separator: ", ") ?? "",
                    dossier.references.map { "\($0.digest) \($0.seed)" }.joined(separator: ", ")
                ),
                (
                    "membershipOriginals",
                    (logged.membershipOriginals ?? []).map { "\($0.model.hex) \($0.seed)" }.joined(separator: ", "),
                    (dossier.membershipOriginals ?? []).map { "\($0.digest) \($0.seed)" }.joined(separator: ", ")
                ), ("testResultEntry", "\(judged.testResultEntry)", dossier.testResultEntry.map { "\($0)" }),
            ]
        }
        let wrong = said.filter { $0.committed != $0.found }
        note(
            name, committed: "what the log says",
            found: wrong.isEmpty ? "what the log says" : "other \(wrong.map(\.name).joined(separator: ", "))",
            wrong.map {
                "\($0.name): expected \($0.committed), found \(Printable.quoted($0.found ?? "nothing", limit: 200))"
            })
    }

    // MARK: Parts

    private func unplaced(_ holder: String) -> String {
        "\(holder) does not hold what the log commits to: nothing to place the difference by"
    }

    /// What learned, every so many steps. The file says which stages: a shard that had a checkpoint was not trained in the run.
    ///
    /// Of a sample there is no digest in the log: its stages are laid beside the same of the file, which has one.
    private mutating func compare(
        _ repeated: Trajectory, of what: String, in file: String, committed: Digest?, isSample: Bool = false
    ) {
        let artifact = "trajectory of \(what)"
        guard let committed else {
            return notCompared.append("\(artifact): an earlier version made the run, and committed to none")
        }
        guard let folder = kept.trajectories else {
            return notCompared.append("\(artifact): \(file) of \(kept.place) says at which stages, and is not there")
        }
        let bytes = Trajectory.stored(in: folder, as: file)
        let stored = bytes.map { Digest(sha256: $0) }
        guard stored == committed, let logged = bytes.flatMap({ Trajectory($0) }) else {
            return note("\(file) in \(kept.place)", committed: committed.hex, found: stored?.hex ?? "missing")
        }
        let expected = isSample ? logged.restricted(to: repeated) : logged
        let same = isSample ? repeated : repeated.restricted(to: logged)
        let left = repeated.stages.count - same.stages.count
        if left > 0 {
            notCompared.append("\(artifact): \(left) trainings that the run had done before, by its \(file)")
        }
        func text(_ trajectory: Trajectory) -> String {
            (try? trajectory.bytes()).map { Digest(sha256: $0).hex } ?? "none"
        }
        note(
            artifact, committed: isSample ? text(expected) : committed.hex, found: text(same),
            [expected.parting(from: same) ?? "in their form"])
    }

    /// A repeated model beside its digest in the log, and then the model that is kept beside the same.
    private mutating func compareModel(_ name: String, _ place: String, committed: Digest, found: Digest) {
        let mine = Files.join(repeated, place)
        guard let theirs = kept.model(place) else { return note(name, committed: committed.hex, found: found.hex) }
        let holder = folder == nil ? "the folder given" : "the run's folder"
        let stored = Result { try ModelDigest(folder: theirs).digest }
        let isStored = (try? stored.get()) == committed
        note(
            name, committed: committed.hex, found: found.hex,
            found == committed
                ? [] : isStored ? Differences.ofModels(expected: theirs, found: mine) : [unplaced(holder)])
        let storedText =
            switch stored {
            case .success(let digest): digest.hex
            case .failure(let error): "\(error)"
            }
        note(
            "\(name) in \(holder)", committed: committed.hex, found: storedText,
            found == committed && !isStored && Files.kind(theirs) == .folder
                ? Differences.ofModels(expected: mine, found: theirs) : [])
    }

    private mutating func note(_ artifact: String, committed: String, found: String, _ places: [String] = []) {
        comparisons.append(.init(artifact, committed: committed, found: found, places: places))
    }
}

extension Array {
    /// The element at this place; nil beyond the end.
    fileprivate func element(_ index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
