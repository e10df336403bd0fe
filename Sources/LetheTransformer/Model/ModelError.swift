/// Why a model, an adapter or an example cannot be used.
public enum ModelError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A field of the configuration is out of its range.
    case invalidConfiguration(field: String, found: String, expected: String)
    /// The model's layout has a tensor that was not given.
    case missingTensor(name: String)
    /// A tensor was given that the layout does not know.
    case unexpectedTensor(name: String)
    /// A tensor has another shape than the configuration says.
    case wrongShape(name: String, expected: [Int], found: [Int])
    /// A tensor holds a number that is not finite.
    case notFinite(name: String, index: Int)
    /// No linear layer of the model ends in this name.
    case noSuchModule(target: String)
    /// A token id is outside the vocabulary.
    case tokenOutsideVocabulary(field: String, position: Int, id: Int32, vocabularySize: Int)
    /// A sequence is longer than the engine takes.
    case sequenceTooLong(field: String, count: Int, limit: Int)

    /// One line that says what was found where.
    public var description: String {
        switch self {
        case .invalidConfiguration(let field, let found, let expected):
            "configuration field \(field) is \(found), expected \(expected)"
        case .missingTensor(let name):
            "tensor \(name) is missing"
        case .unexpectedTensor(let name):
            "tensor \(name) does not belong to this model"
        case .wrongShape(let name, let expected, let found):
            "tensor \(name) has shape \(found), expected \(expected)"
        case .notFinite(let name, let index):
            "tensor \(name) holds a number that is not finite at index \(index)"
        case .noSuchModule(let target):
            "no linear layer of the model ends in \(target)"
        case .tokenOutsideVocabulary(let field, let position, let id, let vocabularySize):
            "\(field)[\(position)] is \(id), expected 0 to \(vocabularySize - 1)"
        case .sequenceTooLong(let field, let count, let limit):
            "\(field) has \(count) tokens, at most \(limit) are taken"
        }
    }
}
