import LetheBytes
import LetheTransformer

/// Examples as lines of JSON: what `lethe model logits` and `lethe model train` read.
///
/// A line is `{"input_ids": […], "labels": […]}`, with an `attention_mask` where some input tokens at the ends do not count, or
/// `{"prompt": "…", "target": "…"}`, which the model's tokenizer turns into ids. Other members are passed over.
///
/// Masked tokens at the ends, whatever their ids, are left out: as T5 knows positions only by their distance, that is what Hugging
/// Face computes. Leaving out tokens between others would move those together, which it does not do: such masks are refused.
struct TokenizedExamples: Sendable {
    /// The examples in the order of their lines.
    let examples: [Example]

    /// The longest line that is read.
    private static let maximumLineLength = 1 << 24

    /// Reads a file, plain or gzip-compressed.
    ///
    /// - Parameters:
    ///   - configuration: the model's shape, which bounds the token ids.
    ///   - tokenizer: the model's tokenizer; nil where it has none.
    ///   - maximumTokens: the most tokens of a prompt, the end token included.
    /// - Throws: `EngineError.line` with the line and what is wrong in it; `FileError`.
    init(path: String, configuration: T5Configuration, tokenizer: SentencePieceTokenizer?, maximumTokens: Int) throws {
        let reader = try LineReader(path: path, maximumLineLength: Self.maximumLineLength)
        var examples: [Example] = []
        while let line = try reader.next() {
            func wrong(_ reason: String) -> EngineError { .line(path: path, number: reader.lineNumber, reason: reason) }
            let value: JSONValue
            do {
                value = try StrictJSON.parse(line, maximumDepth: 8)
            } catch {
                throw wrong("\(error)")
            }
            do {
                examples.append(try Self.example(value, tokenizer, maximumTokens, configuration))
            } catch let reason as Reason {
                throw wrong(reason.text)
            } catch {
                throw wrong("\(error)")
            }
        }
        guard !examples.isEmpty else { throw EngineError.noExamples(path: path) }
        self.examples = examples
    }

    private struct Reason: Error { let text: String }

    private static func example(
        _ value: JSONValue, _ tokenizer: SentencePieceTokenizer?, _ limit: Int, _ configuration: T5Configuration
    ) throws -> Example {
        guard let members = value.objectValue else { throw Reason(text: "expected a JSON object") }
        let example: Example
        switch (members["input_ids"], members["prompt"]) {
        case (let ids?, nil):
            var inputIDs = try tokens(ids, "input_ids")
            let labels = try tokens(members["labels"], "labels")
            if let mask = members["attention_mask"] {
                let kept = try tokens(mask, "attention_mask")
                guard kept.count == inputIDs.count, kept.allSatisfy({ $0 == 0 || $0 == 1 }) else {
                    throw Reason(text: "attention_mask: expected 0 or 1 for each of the \(inputIDs.count) input_ids")
                }
                if let first = kept.firstIndex(of: 1), let last = kept.lastIndex(of: 1) {
                    if let hole = kept[first...last].firstIndex(of: 0) {
                        throw Reason(
                            text: "attention_mask[\(hole)]: 0 between tokens that count; expected 0 at the ends alone")
                    }
                    inputIDs = Array(inputIDs[first...last])
                } else {
                    // Hugging Face attends to all tokens alike then, which for padding is what one of it gives.
                    guard inputIDs.allSatisfy({ $0 == configuration.padTokenID }) else {
                        throw Reason(text: "attention_mask: no token counts; expected a 1, or padding alone")
                    }
                    inputIDs = []
                }
            }
            example = Example(inputIDs: inputIDs, labels: labels)
        case (nil, let prompt?):
            guard let prompt = prompt.stringValue, let target = members["target"]?.stringValue else {
                throw Reason(text: "expected prompt and target as texts")
            }
            guard let tokenizer else {
                throw Reason(text: "has a prompt, but the model has no spiece.model; expected input_ids and labels")
            }
            example = Example(
                inputIDs: tokenizer.encode(prompt, limit: limit), labels: tokenizer.encode(target, limit: limit))
        default:
            throw Reason(text: "expected either input_ids and labels or prompt and target")
        }
        try example.validate(configuration)
        return example
    }

    private static func tokens(_ value: JSONValue?, _ name: String) throws -> [Int32] {
        guard let elements = value?.arrayValue else { throw Reason(text: "\(name): expected a list of token ids") }
        return try elements.enumerated().map { position, element in
            guard let id = element.intValue.flatMap({ Int32(exactly: $0) }) else {
                throw Reason(text: "\(name)[\(position)]: expected a token id")
            }
            return id
        }
    }
}
