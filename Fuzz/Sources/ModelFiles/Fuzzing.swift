// The package's own name for a check that is internal to its room.

/// Checks bytes as a SentencePiece model, as the tokenizer does before the library sees them.
public func checkSentencePieceModel(_ bytes: [UInt8]) throws {
    _ = try SentencePieceModelCheck(bytes)
}
