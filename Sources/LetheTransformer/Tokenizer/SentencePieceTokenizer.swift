import CSentencePiece

/// T5's tokenizer: a SentencePiece unigram vocabulary with T5's special tokens.
///
/// Ids equal those of Hugging Face's `T5Tokenizer`: 0 `<pad>`, 1 `</s>`, 2 `<unk>`, then the other pieces, then the
/// sentinels, of which `<extra_id_0>` is the last. Their spellings in a text become their ids.
public final class SentencePieceTokenizer: @unchecked Sendable {
    // Unchecked: nothing changes after `init`, and the library's const functions may be called from many threads.
    private let model: OpaquePointer

    /// The serialized model, as it stands in `spiece.model`.
    public let modelBytes: [UInt8]
    /// The number of pieces in the model, special ones included.
    public let pieceCount: Int
    /// The number of sentinels `<extra_id_n>` that follow the pieces.
    public let extraIDs: Int
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
        try SentencePieceTokenizer(bytes, extraIDs: extraIDs)
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
        guard wholeWords.allSatisfy({ $0.unicodeScalars.allSatisfy { $0.properties.isAlphabetic } }) else {
            throw .training(reason: "whole words may only have letters")
        }
        var corpus: [UInt8] = []
        var ends: [Int] = []
        for text in texts where !text.isEmpty {
            corpus += Array(text.utf8)
            ends.append(corpus.count)
        }
        guard !ends.isEmpty else { throw .training(reason: "there is no text") }
        let result = lethe_sentencepiece_train(
            corpus, ends, ends.count, Int32(vocabularySize), wholeWords.map { "▁" + $0 }.joined(separator: ","))
        defer { lethe_sentencepiece_result_free(result) }
        if let reason = result.message { throw .training(reason: oneLine(reason)) }
        let bytes = UnsafeRawBufferPointer(start: result.bytes, count: result.count)
        return try load(Array(bytes), extraIDs: extraIDs)
    }

    private init(_ bytes: [UInt8], extraIDs: Int) throws(TokenizerError) {
        precondition((0...10_000).contains(extraIDs), "\(extraIDs) sentinels")
        let checked = try SentencePieceModelCheck(bytes)
        var message: UnsafeMutablePointer<CChar>?
        guard let model = lethe_sentencepiece_load(bytes, bytes.count, &message) else {
            defer { lethe_sentencepiece_message_free(message) }
            throw .malformedModel(reason: message.map { Self.oneLine($0) } ?? "out of memory")
        }
        let pieceCount = checked.pieces.count
        guard Int(lethe_sentencepiece_piece_count(model)) == pieceCount else {
            lethe_sentencepiece_free(model)
            throw .malformedModel(reason: "its pieces cannot be counted")
        }
        self.model = model
        self.modelBytes = bytes
        self.pieceCount = pieceCount
        self.extraIDs = extraIDs
        var names: [[UInt8]: Int32] = [
            Array("<pad>".utf8): Self.paddingID, Array("</s>".utf8): Self.endID, Array("<unk>".utf8): Self.unknownID,
        ]
        for n in 0..<extraIDs { names[Array("<extra_id_\(n)>".utf8)] = Int32(pieceCount + extraIDs - 1 - n) }
        self.extraIDsByName = names
    }

    deinit { lethe_sentencepiece_free(model) }

    private static func oneLine(_ message: UnsafePointer<CChar>) -> String {
        let text = String(cString: message)
        return String(text.map { $0.isNewline ? " " : $0 }.prefix(300))
    }

    /// The id of exactly this piece, for example "▁Yes".
    public func pieceID(_ piece: String) -> Int32? {
        let bytes = Array(piece.utf8)
        let id = lethe_sentencepiece_piece_id(model, bytes, bytes.count)
        return id >= 0 ? id : nil
    }

    /// The piece or sentinel with this id.
    public func piece(_ id: Int32) -> String? {
        var count = 0
        if let text = lethe_sentencepiece_piece(model, id, &count) {
            return String(decoding: UnsafeRawBufferPointer(start: text, count: count), as: UTF8.self)
        }
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
        let result = lethe_sentencepiece_encode(model, bytes, bytes.count)
        defer { lethe_sentencepiece_result_free(result) }
        guard let ids = result.bytes else { return [Self.unknownID] }
        return Array(UnsafeRawBufferPointer(start: ids, count: result.count * 4).bindMemory(to: Int32.self))
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
        let result = lethe_sentencepiece_decode(model, known, known.count)
        defer { lethe_sentencepiece_result_free(result) }
        guard let text = result.bytes else { return "" }
        return String(decoding: UnsafeRawBufferPointer(start: text, count: result.count), as: UTF8.self)
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
