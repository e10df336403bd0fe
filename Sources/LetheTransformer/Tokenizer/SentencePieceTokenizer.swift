/// T5's tokenizer: a SentencePiece unigram vocabulary with T5's special tokens.
///
/// Ids equal those of Hugging Face's `T5Tokenizer`: 0 `<pad>`, 1 `</s>`, 2 `<unk>`, then the other pieces, then the
/// sentinels, of which `<extra_id_0>` is the last. Their spellings in a text become their ids.
public final class SentencePieceTokenizer: Sendable {
    private let library: SentencePieceLibrary

    /// The serialized model, as it stands in `spiece.model`.
    public let modelBytes: [UInt8]
    /// The number of pieces in the model, special ones included.
    public let pieceCount: Int
    /// The number of sentinels `<extra_id_n>` that follow the pieces.
    public let extraIDs: Int
    /// The largest number of sentinels that is supported.
    public static let maximumExtraIDs = 10_000
    private let extraIDsByName: [[UInt8]: Int32]

    /// The id that fills batches up, and that starts a decoder's input.
    public static let paddingID: Int32 = 0
    /// The id that ends every text.
    public static let endID: Int32 = 1
    /// The id of what the vocabulary cannot spell.
    public static let unknownID: Int32 = 2

    /// The number of ids, sentinels included; a model may have more rows.
    public var vocabularySize: Int { pieceCount + extraIDs }

    /// The vocabulary in a serialized SentencePiece model.
    /// - Throws: what is wrong, when the bytes are no sound unigram model with T5's special ids.
    public static func load(_ bytes: [UInt8], extraIDs: Int = 100) throws(TokenizerError) -> SentencePieceTokenizer {
        try SentencePieceTokenizer(bytes) { _ in extraIDs }
    }

    /// The vocabulary beside a model whose embedding has `rows`; without `extraIDs`, T5's 100 as far as there are rows.
    static func load(_ bytes: [UInt8], rows: Int, extraIDs: Int?) throws(TokenizerError) -> SentencePieceTokenizer {
        try SentencePieceTokenizer(bytes) { (pieceCount: Int) throws(TokenizerError) -> Int in
            guard pieceCount + (extraIDs ?? 0) <= rows else {
                throw .unsupportedModel(
                    reason:
                        "it has \(pieceCount) pieces and \(extraIDs ?? 0) extra_ids, the model's vocab_size is \(rows)")
            }
            return extraIDs ?? min(100, rows - pieceCount)
        }
    }

    /// A vocabulary made from `texts`: the same texts in the same order give the same bytes, on every machine.
    ///
    /// - Parameters:
    ///   - vocabularySize: the number of pieces wanted; a small corpus gives fewer.
    ///   - wholeWords: words that get a piece of their own (with the "▁" of a word's beginning), however rare.
    public static func train(
        _ texts: [String], vocabularySize: Int, extraIDs: Int = 0, wholeWords: [String] = []
    ) throws(TokenizerError) -> SentencePieceTokenizer {
        guard (16...SentencePieceModelCheck.maximumPieceCount).contains(vocabularySize) else {
            throw .training(reason: "a vocabulary of \(vocabularySize) pieces; expected 16 to 1048576")
        }
        guard wholeWords.allSatisfy({ !$0.isEmpty && $0.unicodeScalars.allSatisfy(\.properties.isAlphabetic) }) else {
            throw .training(reason: "whole words may only have letters")
        }
        guard try hasSomethingToLearn(texts, besides: wholeWords) else { throw .training(reason: "there is no text") }
        let bytes = try SentencePieceLibrary.train(texts, vocabularySize: vocabularySize, wholeWords: wholeWords)
        return try load(bytes, extraIDs: extraIDs)
    }

    /// Whether anything but spaces and whole words is left of the texts once they are normalised.
    ///
    /// Where nothing is, the library's trainer ends the process. A vocabulary of one digit tells without it.
    private static func hasSomethingToLearn(
        _ texts: [String], besides wholeWords: [String]
    ) throws(TokenizerError) -> Bool {
        if texts.contains(where: { $0.utf8.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) } }) {
            return true
        }
        let model = try SentencePieceLibrary.train(["0"], vocabularySize: 16 + wholeWords.count, wholeWords: wholeWords)
        let probe = try load(model, extraIDs: 0)
        let learned = Set((wholeWords.map { "▁" + $0 } + ["▁"]).compactMap { probe.pieceID($0) })
        return texts.contains { text in probe.encodePieces(Array(text.utf8)).contains { !learned.contains($0) } }
    }

    private init(
        _ bytes: [UInt8], extraIDs: (_ pieceCount: Int) throws(TokenizerError) -> Int
    ) throws(TokenizerError) {
        let checked = try SentencePieceModelCheck(bytes)
        let extraIDs = try extraIDs(checked.pieces.count)
        precondition((0...Self.maximumExtraIDs).contains(extraIDs), "\(extraIDs) sentinels")
        let pieceCount = checked.pieces.count
        library = try SentencePieceLibrary(bytes)
        guard library.pieceCount == pieceCount else { throw .malformedModel(reason: "its pieces cannot be counted") }
        self.modelBytes = bytes
        self.pieceCount = pieceCount
        self.extraIDs = extraIDs
        var names: [[UInt8]: Int32] = [
            Array("<pad>".utf8): Self.paddingID, Array("</s>".utf8): Self.endID, Array("<unk>".utf8): Self.unknownID,
        ]
        for n in 0..<extraIDs { names[Array("<extra_id_\(n)>".utf8)] = Int32(pieceCount + extraIDs - 1 - n) }
        self.extraIDsByName = names
    }

    /// The id of exactly this piece, for example "▁Yes".
    public func pieceID(_ piece: String) -> Int32? { library.pieceID(piece) }

    /// The piece or sentinel with this id.
    public func piece(_ id: Int32) -> String? {
        if let piece = library.piece(id) { return piece }
        guard Int(id) >= pieceCount, Int(id) < vocabularySize else { return nil }
        return "<extra_id_\(vocabularySize - 1 - Int(id))>"
    }

    /// The ids of a text with the end token. Where there are more than `limit`, the first ones are kept and the end token last.
    public func encode(_ text: String, limit: Int? = nil) -> [Int32] {
        var ids: [Int32] = []
        let bytes = Array(text.utf8)
        var start = 0
        var isAfterSpecial = false
        for (range, id) in specialTokens(in: bytes) {
            ids += encode(chunk: bytes[start..<range.lowerBound], trimStart: isAfterSpecial, trimEnd: true)
            ids.append(id)
            start = range.upperBound
            isAfterSpecial = true
        }
        ids += encode(chunk: bytes[start...], trimStart: isAfterSpecial, trimEnd: false)
        if ids.last != Self.endID { ids.append(Self.endID) }
        if let limit, ids.count > limit {
            ids.removeLast(ids.count - max(limit, 1))
            ids[ids.count - 1] = Self.endID
        }
        return ids
    }

    /// The ids of any bytes by the vocabulary alone: no special tokens, no end token.
    ///
    /// Every ill-formed byte is unknown. A text that the library refuses is one unknown token; none is known.
    public func encodePieces(_ bytes: [UInt8]) -> [Int32] {
        library.encode(bytes) ?? [Self.unknownID]
    }

    /// The text of ids; special tokens, sentinels and ids outside the vocabulary are left out.
    ///
    /// - Parameter tidyingSpaces: also removes spaces before punctuation and English contractions, as the published
    ///   tokenizer's `decode` does by default; this damages "1. ...And Justice for All".
    public func decode(_ ids: [Int32], tidyingSpaces: Bool = false) -> String {
        var text = Self.trimmed(decodePieces(ids.filter { $0 > Self.unknownID })[...], atStart: true, atEnd: true)
        guard tidyingSpaces else { return text }
        for tail in [".", "?", "!", ",", "' ", "n't", "'m", "'s", "'ve", "'re"] {
            text = Self.replacing(" " + tail, with: tail == "' " ? "'" : tail, in: text)
        }
        return text
    }

    /// The text of ids by the vocabulary alone: an unknown token becomes " ⁇ ". Ids outside the vocabulary are left out.
    public func decodePieces(_ ids: [Int32]) -> String {
        let known = ids.filter { $0 >= 0 && Int($0) < pieceCount }
        return library.decode(known) ?? ""
    }

    private func specialTokens(in bytes: [UInt8]) -> [(range: Range<Int>, id: Int32)] {
        var tokens: [(range: Range<Int>, id: Int32)] = []
        var start = 0
        while let open = bytes[start...].firstIndex(of: UInt8(ascii: "<")) {
            // No spelling is longer than "<extra_id_9999>".
            if let close = bytes[open...].prefix(15).firstIndex(of: UInt8(ascii: ">")),
                let id = extraIDsByName[Array(bytes[open...close])]
            {
                tokens.append((open..<close + 1, id))
                start = close + 1
            } else {
                start = open + 1
            }
        }
        return tokens
    }

    /// White space beside a special token is dropped, and what remains starts a new word.
    private func encode(chunk: ArraySlice<UInt8>, trimStart: Bool, trimEnd: Bool) -> [Int32] {
        if !trimStart && !trimEnd { return encodePieces(Array(chunk)) }
        let text = Substring(decoding: chunk, as: UTF8.self)
        return encodePieces(Array(Self.trimmed(text, atStart: trimStart, atEnd: trimEnd).utf8))
    }

    private static func trimmed(_ text: Substring, atStart: Bool, atEnd: Bool) -> String {
        var scalars = text.unicodeScalars
        while atStart, let first = scalars.first, isPythonSpace(first) { scalars.removeFirst() }
        while atEnd, let last = scalars.last, isPythonSpace(last) { scalars.removeLast() }
        return String(scalars)
    }

    /// `text` with every occurrence of `old`, found from the left and compared by bytes, replaced.
    private static func replacing(_ old: String, with new: String, in text: String) -> String {
        let (source, old, new) = (Array(text.utf8), Array(old.utf8), Array(new.utf8))
        var result: [UInt8] = []
        var start = 0
        while start < source.count {
            if source[start...].starts(with: old) {
                result += new
                start += old.count
            } else {
                result.append(source[start])
                start += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// What Python's `str.strip()`, which the published tokenizer uses, takes for white space.
    private static func isPythonSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1c...0x1f).contains(scalar.value)
    }
}
