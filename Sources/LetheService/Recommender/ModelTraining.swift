import LetheRecommendation
import LetheRequests
import LetheTensor
import LetheTransformer
import LetheUnlearning

/// How the models of a workspace are made from its data; pure but for the threads.
enum ModelTraining {
    /// Prompts that the vocabulary is trained on, at most: enough to know every common word.
    private static let corpusLimit = 5000

    /// The vocabulary: from all that prompts can say, and from prompts of users who are not in the training window.
    static func tokenizer(
        dataset: InteractionDataset, split: RecommendationSplit, policy: Policy
    ) throws -> SentencePieceTokenizer {
        let template: PromptTemplate = policy.model.promptTemplate == .paper ? .paper : .compact
        var corpus = template.vocabularyCorpus(dataset)
        for record in split.pretraining.suffix(corpusLimit) {
            corpus.append(try template.render(record, dataset))
        }
        return try SentencePieceTokenizer.train(
            corpus, vocabularySize: policy.model.vocabularySize, wholeWords: ["Yes", "No"])
    }

    /// The base model: a random start and one or more passes over records of users outside the window.
    static func base(
        data: PreparedData, policy: Policy, seeds: TrainingSeeds, initialization: UInt64, pool: WorkerPool,
        session: TrainingSession, progress: ProgressHandler
    ) throws -> FineTunedModel {
        let configuration = policy.modelConfiguration(vocabularySize: data.tokenizer.vocabularySize)
        return try fineTune(
            T5Parameters(configuration: configuration, seed: initialization),
            on: try data.examples(data.split.pretraining), validation: try data.examples(data.watchedValidation),
            configuration: policy.pretraining, seeds: seeds, pool: pool, stage: "base model", session: session,
            progress: progress)
    }

    /// The original, or a model retrained on part of the training records: the base, fine-tuned.
    ///
    /// - Parameter showsValidation: whether the validation loss is measured where no early stopping needs it, for the curve: not
    ///   worth its time in the many models that verification trains.
    static func fineTuned(
        base: T5Parameters, on records: [InteractionRecord], data: PreparedData, policy: Policy, seeds: TrainingSeeds,
        pool: WorkerPool, stage: String, showsValidation: Bool, session: TrainingSession, progress: ProgressHandler
    ) throws -> FineTunedModel {
        let isWatched = showsValidation || policy.training.earlyStoppingPatience != nil
        let validation = isWatched ? data.watchedValidation : []
        return try fineTune(
            base, on: try data.examples(records), validation: try data.examples(validation),
            configuration: policy.fineTuning, seeds: seeds, pool: pool, stage: stage, session: session,
            progress: progress)
    }
}

extension PreparedData {
    /// The validation records that curves and early stopping watch: every n-th, so that they cover the whole period, at most 4,000.
    var watchedValidation: [InteractionRecord] {
        let limit = 4000
        let all = split.validation
        guard all.count > limit else { return all }
        return (0..<limit).map { all[$0 * all.count / limit] }
    }
}
