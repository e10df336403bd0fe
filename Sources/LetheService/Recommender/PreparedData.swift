import LetheBytes
import LetheCrypto
import LetheLog
public import LetheRecommendation
import LetheRequests
public import LetheTransformer

/// A data set, split and put into the tokens that the models read.
public struct PreparedData: Sendable {
    /// The data set that the records are of.
    public let dataset: InteractionDataset
    /// The records of this workspace's experiment.
    public let split: RecommendationSplit
    /// The vocabulary, trained on records of nobody in the training window.
    public let tokenizer: SentencePieceTokenizer
    /// How records become prompts.
    public let template: PromptTemplate
    /// The most tokens of a prompt.
    public let maximumTokens: Int
    /// The first token of "Yes." and of "No.": what the decision is between.
    public let decision: (yes: Int32, no: Int32)

    /// Prepares a data set.
    ///
    /// - Throws: `ServiceError.vocabularyCannotAnswer` when the vocabulary does not tell the two answers apart.
    init(
        dataset: InteractionDataset, split: RecommendationSplit, tokenizer: SentencePieceTokenizer, policy: Policy
    ) throws {
        self.dataset = dataset
        self.split = split
        self.tokenizer = tokenizer
        template = policy.model.promptTemplate == .paper ? .paper : .compact
        maximumTokens = policy.model.maximumTokens
        guard let yes = tokenizer.encode(PromptTemplate.target(for: true)).first,
            let no = tokenizer.encode(PromptTemplate.target(for: false)).first, yes != no
        else { throw ServiceError.vocabularyCannotAnswer }
        decision = (yes, no)
    }

    /// The tokens of a record: its prompt, and the answer's first token as the only label.
    ///
    /// The paper's target has three tokens, of which two are always the same and dilute the loss of the one that decides
    /// (METHODS 6.2); the compact form drops them. The paper's form keeps all three.
    func example(_ record: InteractionRecord) throws -> Example {
        let prompt = tokenizer.encode(try template.render(record, dataset), limit: maximumTokens)
        switch template {
        case .compact:
            return Example(inputIDs: prompt, labels: [record.label ? decision.yes : decision.no])
        case .paper:
            return Example(inputIDs: prompt, labels: tokenizer.encode(PromptTemplate.target(for: record.label)))
        }
    }

    /// How far a model leans to Yes at the decision: z_Yes - z_No of its row of logits.
    func margin(_ logits: [Float]) -> Double { Double(logits[Int(decision.yes)]) - Double(logits[Int(decision.no)]) }

    /// The tokens of many records, in their order.
    func examples(_ records: [InteractionRecord]) throws -> [Example] {
        try records.map(example)
    }
}

/// The commitment to a list of records: the RFC 6962 root over their canonical bytes, in order.
func recordsRoot(_ records: [InteractionRecord]) -> Digest {
    MerkleTree.rootHash(of: records.map { MerkleTree.leafHash($0.canonicalBytes) })
}
