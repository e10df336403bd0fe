import LetheTensor
public import LetheTransformer

/// Teaches other answers on forgotten data (METHODS 1.7).
///
///     L = CE(D_r, y) + lambda * CE(D_f, y')
///
/// `bad-t-reference` is what the paper's code calls Bad-T: y' is the opposite answer. `random-label` draws y' by a fair coin, once
/// a record. Only the first token of a label, the decision, is replaced.
public struct LabelReplacement: UnlearningMethod {
    /// Which answer is taught instead.
    public enum Rule: Sendable, Equatable {
        /// Always the other one.
        case opposite
        /// A seeded coin's.
        case coin
    }

    /// Which answer is taught instead.
    public let rule: Rule
    /// How it trains.
    public let training: PairedTraining

    /// A method of this rule; the released checkpoint of the paper's code has 2,400 steps.
    public init(rule: Rule, training: PairedTraining = PairedTraining(steps: 2_400)) {
        self.rule = rule
        self.training = training
    }

    /// The name on the wire: bad-t-reference or random-label.
    public var name: String { rule == .opposite ? "bad-t-reference" : "random-label" }
    /// False: what was learned is covered, not removed.
    public let isExact = false
    /// Both kinds of data, the two answers and the model in service.
    public let reads: MethodInputs = [.original, .forgotten, .retained, .answers]
    /// The optimiser's moments are sums of gradients of the forgotten data.
    public let residueKinds: [Residue.Kind] = [.optimizerState]

    /// All of the model's.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int { shape.layout.count }

    /// Trains on pairs of batches.
    /// - Throws: `UnlearningError` without the answers' tokens, or where a forgotten record has another answer.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        let replaced = try replacing(task.forgotten, answers: task.answers, seed: task.seeds.adapter)
        return try trainOnPairs(
            from: task.original, task, training, settings: "\(rule)", stage: "other answers", progress: progress
        ) {
            items(retained: $0.map { task.retained[$0] }, replaced: $1.map { replaced[$0] })
        }
    }

    /// The objective of one step.
    func items(retained: [Example], replaced: [Example]) -> [TrainingItem] {
        meanLabelLoss(retained) + meanLabelLoss(replaced, weight: training.lambda)
    }

    /// The records with other answers.
    func replacing(_ records: [Example], answers: AnswerTokens?, seed: UInt64) throws -> [Example] {
        guard let answers else { throw UnlearningError.answersMissing(method: name) }
        var generator = SeededGenerator(seed: seed)
        return try records.enumerated().map { index, record in
            guard let first = record.labels.first, first == answers.yes || first == answers.no else {
                throw UnlearningError.labelIsNoAnswer(record: index)
            }
            var record = record
            switch rule {
            case .opposite: record.labels[0] = first == answers.yes ? answers.no : answers.yes
            case .coin: record.labels[0] = Bool.random(using: &generator) ? answers.yes : answers.no
            }
            return record
        }
    }
}
