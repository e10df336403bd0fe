import CSentencePiece

/// A model inside the C++ library. The one file that calls it and touches its memory.
///
/// Unchecked: nothing changes after `init`, and the library's const functions may be called from many threads.
final class SentencePieceLibrary: @unchecked Sendable {
    private let model: OpaquePointer

    /// Loads a model that ``SentencePieceModelCheck`` has found sound.
    init(_ bytes: [UInt8]) throws(TokenizerError) {
        var message: UnsafeMutablePointer<CChar>?
        guard let model = lethe_sentencepiece_load(bytes, bytes.count, &message) else {
            defer { lethe_sentencepiece_message_free(message) }
            throw .malformedModel(reason: message.map { Self.oneLine($0) } ?? "out of memory")
        }
        self.model = model
    }

    deinit { lethe_sentencepiece_free(model) }

    /// Trains a vocabulary of about `vocabularySize` pieces. Some text must be left after normalisation and beside the
    /// whole words: otherwise the library ends the process.
    static func train(
        _ texts: [String], vocabularySize: Int, wholeWords: [String]
    ) throws(TokenizerError) -> [UInt8] {
        var corpus: [UInt8] = []
        var ends: [Int] = []
        for text in texts where !text.isEmpty {
            corpus += Array(text.utf8)
            ends.append(corpus.count)
        }
        let symbols = wholeWords.map { "▁" + $0 }.joined(separator: ",")
        let result = lethe_sentencepiece_train(corpus, ends, ends.count, Int32(vocabularySize), symbols)
        defer { lethe_sentencepiece_result_free(result) }
        if let reason = result.message { throw .training(reason: oneLine(reason)) }
        return Array(UnsafeRawBufferPointer(start: result.bytes, count: result.count))
    }

    var pieceCount: Int { Int(lethe_sentencepiece_piece_count(model)) }

    func pieceID(_ piece: String) -> Int32? {
        let bytes = Array(piece.utf8)
        let id = lethe_sentencepiece_piece_id(model, bytes, bytes.count)
        return id >= 0 ? id : nil
    }

    func piece(_ id: Int32) -> String? {
        var count = 0
        guard let text = lethe_sentencepiece_piece(model, id, &count) else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: text, count: count), as: UTF8.self)
    }

    /// The ids of any bytes; `nil` where the library refuses them.
    func encode(_ bytes: [UInt8]) -> [Int32]? {
        let result = lethe_sentencepiece_encode(model, bytes, bytes.count)
        defer { lethe_sentencepiece_result_free(result) }
        guard let ids = result.bytes else { return nil }
        return Array(UnsafeBufferPointer(start: ids.assumingMemoryBound(to: Int32.self), count: result.count))
    }

    /// The text of ids, all of which must be pieces; `nil` where the library refuses them.
    func decode(_ ids: [Int32]) -> String? {
        let result = lethe_sentencepiece_decode(model, ids, ids.count)
        defer { lethe_sentencepiece_result_free(result) }
        guard let text = result.bytes else { return nil }
        return String(decoding: UnsafeRawBufferPointer(start: text, count: result.count), as: UTF8.self)
    }

    private static func oneLine(_ message: UnsafePointer<CChar>) -> String {
        String(String(cString: message).map { $0.isNewline ? " " : $0 }.prefix(300))
    }
}
