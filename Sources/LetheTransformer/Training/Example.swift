/// One source and its target as token ids, without padding.
public struct Example: Sendable, Equatable {
    /// The label of a position that is decoded but has no label loss (Hugging Face's ignored index).
    public static let ignoredLabel: Int32 = -100

    /// The source's tokens; an empty source reads as one padding token.
    public var inputIDs: [Int32]
    /// The target's tokens or `ignoredLabel`; the decoder's input is this, shifted right by one.
    public var labels: [Int32]

    /// Makes an example; `validate` says whether a model can take it.
    public init(inputIDs: [Int32], labels: [Int32]) {
        self.inputIDs = inputIDs
        self.labels = labels
    }

    /// Checks that a model of this shape can take the example: call it on everything that comes from a file.
    ///
    /// - Throws: `ModelError.tokenOutsideVocabulary` or `.sequenceTooLong`.
    public func validate(_ configuration: T5Configuration) throws(ModelError) {
        let limit = 1 << 16
        for (field, ids) in [("input_ids", inputIDs), ("labels", labels)] {
            guard ids.count <= limit else { throw .sequenceTooLong(field: field, count: ids.count, limit: limit) }
            let isLabel = field == "labels"
            for (position, id) in ids.enumerated() where !(isLabel && id == Example.ignoredLabel) {
                guard id >= 0, Int(id) < configuration.vocabularySize else {
                    throw .tokenOutsideVocabulary(
                        field: field, position: position, id: id, vocabularySize: configuration.vocabularySize)
                }
            }
        }
    }
}
