import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheTransformer
import LetheUnlearning

extension RunContext {
    /// What a run gives to its method: a function of what the log commits to.
    func task(
        for method: any UnlearningMethod, base: StoredModel, original: StoredModel, records: DividedRecords,
        data: PreparedData, seeds: TrainingSeeds, originalSeeds: TrainingSeeds, session: TrainingSession
    ) throws -> UnlearningTask {
        UnlearningTask(
            base: base.parameters, original: original.parameters,
            forgotten: try data.examples(records.forgotten), retained: try data.examples(records.retained),
            validation: method.reads.contains(.validation) ? try validation(data, records) : [],
            seeds: seeds, originalSeeds: originalSeeds,
            forgottenOrigins: records.forgotten.map(RecordOrigin.init),
            retainedOrigins: records.retained.map(RecordOrigin.init),
            unseen: method.reads.contains(.unseen)
                ? try data.examples(UnseenUsers(data.split).calibration.spreadOver(UnseenUsers.mostRecords)) : [],
            answers: AnswerTokens(yes: data.decision.yes, no: data.decision.no), pool: pool, session: session)
    }

    /// What early stopping may watch: nothing of a person who asked to be forgotten.
    private func validation(_ data: PreparedData, _ records: DividedRecords) throws -> [Example] {
        guard policy.training.earlyStoppingPatience != nil else { return [] }
        let forgotten = Set(records.forgotten.map(\.userID))
        return try data.examples(data.watchedValidation.filter { !forgotten.contains($0.userID) })
    }

    /// The seeds of the original's training, out of its registration in the log.
    func originalSeeds(_ registration: ModelEvent?) throws -> TrainingSeeds {
        guard let seeds = registration?.trainingSeeds else {
            throw ServiceError.workspaceDamaged(
                file: ledgerFile, problem: "the entry on the original model does not say its seeds")
        }
        return seeds.source.trainingSeeds(for: "original", runID: seeds.training)
    }

    /// The settings of the method that the log names, whose parameters must be those in the log.
    func method(of inputs: RunInputs) throws -> Policy.Method {
        let name = inputs.method.split(separator: ":").dropLast().last.map(String.init) ?? ""
        let settings = Policy.MethodName(rawValue: name).flatMap { policy.method(named: $0) }
        guard let settings, "urn:lethe:method:\(name):v1" == inputs.method,
            settings.parametersDigest == inputs.parameters
        else {
            throw ServiceError.methodChanged(
                file: policyFile, method: inputs.method, expected: inputs.parameters.hex,
                found: settings?.parametersDigest.hex ?? "no such method")
        }
        return settings
    }

    /// The key that is there, and a place for checkpoints.
    func shardKeeping(_ checkpoints: any CheckpointStore) throws -> ShardKeeping {
        let file = try shardKeyFile()
        let text = String(decoding: try Files.readPrivate(file, limit: 1_024).dropLast(), as: UTF8.self)
        guard let key = try? Hex.decode(text), key.count == 32 else {
            throw ServiceError.workspaceDamaged(
                file: file, problem: "expected 64 hexadecimal digits and a newline")
        }
        return ShardKeeping(key: key, code: try environment.program().hex, checkpoints: checkpoints)
    }

    /// No checkpoint of a shard is read: all of it is trained. Who is in which shard is decided by a key, except where records are
    /// grouped by what they are about.
    func shardsToRead(_ settings: Policy.Method) throws -> ShardKeeping {
        guard settings.name != .receraser else {
            return ShardKeeping(key: [], code: try environment.program().hex, checkpoints: MemoryCheckpoints())
        }
        return try shardKeeping(MemoryCheckpoints())
    }
}
