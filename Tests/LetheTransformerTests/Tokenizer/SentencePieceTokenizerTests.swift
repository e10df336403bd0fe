import LetheBytes
import LetheTransformer
import Testing

/// The fixture of this room: a vocabulary trained from made-up titles.
enum TrainedVocabulary {
    static let texts: [String] = {
        let first = ["Silver", "Night", "River", "Golden", "Last", "Broken", "Silent", "Crimson", "Little", "Iron"]
        let second = ["Harbor", "Train", "Garden", "Summer", "Letter", "Empire", "Mirror", "Island", "Winter", "Café"]
        return first.flatMap { a in second.map { b in "The \(a) \(b) (19\(40 + a.count * b.count % 60))" } }
            + ["Answer: Yes.", "Answer: No."]
    }()

    static func train(_ size: Int) throws(TokenizerError) -> SentencePieceTokenizer {
        try SentencePieceTokenizer.train(texts, vocabularySize: size, extraIDs: 100, wholeWords: ["Yes", "No"])
    }

    private static let large = Result { () throws(TokenizerError) in try train(300) }
    private static let small = Result { () throws(TokenizerError) in try train(100) }

    /// Trained once in a run of the tests.
    static func make(_ size: Int = 300) throws -> SentencePieceTokenizer {
        size == 300 ? try large.get() : size == 100 ? try small.get() : try train(size)
    }
}

struct SentencePieceTokenizerTests {
    @Test func aTrainedVocabularyHasT5sIDs() throws {
        let tokenizer = try TrainedVocabulary.make()
        #expect(tokenizer.piece(0) == "<pad>")
        #expect(tokenizer.piece(1) == "</s>")
        #expect(tokenizer.piece(2) == "<unk>")
        #expect(tokenizer.pieceCount > 60 && tokenizer.pieceCount <= 300)
        #expect(tokenizer.vocabularySize == tokenizer.pieceCount + 100)
        let yes = try #require(tokenizer.pieceID("▁Yes"))
        let no = try #require(tokenizer.pieceID("▁No"))
        #expect(tokenizer.encode("Yes.").first == yes)
        #expect(tokenizer.encode("No.").first == no)
        #expect(tokenizer.encode("Yes.").count == 3)
        #expect(tokenizer.pieceID("▁no such piece") == nil)
        #expect(tokenizer.piece(-1) == nil)
        #expect(tokenizer.piece(Int32(tokenizer.vocabularySize)) == nil)
        #expect(tokenizer.encode("") == [1])
    }

    @Test func trainingTwiceGivesTheSameBytes() throws {
        let first = try TrainedVocabulary.make()
        #expect(try TrainedVocabulary.train(300).modelBytes == first.modelBytes)
        let other = try SentencePieceTokenizer.train(TrainedVocabulary.texts.dropLast(40), vocabularySize: 300)
        #expect(other.modelBytes != first.modelBytes)
    }

    @Test func textsReadBack() throws {
        let tokenizer = try TrainedVocabulary.make()
        for text in TrainedVocabulary.texts {
            let ids = tokenizer.encode(text)
            #expect(ids.last == 1 && !ids.contains(2), "\(text)")
            #expect(tokenizer.decode(ids) == text)
        }
        let reloaded = try SentencePieceTokenizer.load(tokenizer.modelBytes, extraIDs: 100)
        #expect(reloaded.encode("The Silver Café (1980)") == tokenizer.encode("The Silver Café (1980)"))
    }

    @Test func truncationKeepsTheEndTokenLast() throws {
        let tokenizer = try TrainedVocabulary.make()
        let text = String(repeating: "The Silver Harbor ", count: 50)
        let whole = tokenizer.encode(text)
        #expect(whole.count > 20)
        #expect(tokenizer.encode(text, limit: 20) == whole.prefix(19) + [1])
        #expect(tokenizer.encode(text, limit: whole.count) == whole)
        #expect(tokenizer.encode(text, limit: 1) == [1])
        #expect(tokenizer.encode(text, limit: 0) == [1])
    }

    @Test func specialTokensAreReadFromTheText() throws {
        let tokenizer = try TrainedVocabulary.make()
        let last = Int32(tokenizer.vocabularySize - 1)
        let word = Array(tokenizer.encode("River").dropLast())
        #expect(tokenizer.encode("River <extra_id_0> River") == word + [last] + word + [1])
        #expect(tokenizer.encode("River<extra_id_99>River") == word + [last - 99] + word + [1])
        #expect(tokenizer.encode("<extra_id_0><extra_id_1>") == [last, last - 1, 1])
        #expect(tokenizer.encode("<extra_id_100>").contains(last) == false)
        #expect(tokenizer.encode("River</s>") == word + [1])
        #expect(tokenizer.encode("<<pad>") == Array(tokenizer.encode("<").dropLast()) + [0, 1])
        #expect(tokenizer.piece(last) == "<extra_id_0>")
        #expect(tokenizer.decode([last, 0, 1, 2, 9999]) == "")
        let without = try SentencePieceTokenizer.load(tokenizer.modelBytes, extraIDs: 0)
        #expect(without.vocabularySize == tokenizer.pieceCount)
        #expect(without.encode("<extra_id_0>").allSatisfy { $0 < without.pieceCount })
    }

    @Test func strangeBytesAreUnknownNotFatal() throws {
        let tokenizer = try TrainedVocabulary.make()
        for bytes in [[0xff], [0], [0xe2, 0x82], [0xed, 0xa0, 0x80], Array(0...255)] as [[UInt8]] {
            #expect(tokenizer.encodePieces(bytes).contains(2))
        }
        #expect(tokenizer.encodePieces([]) == [])
        #expect(tokenizer.encode("日本語").filter { $0 == 2 }.count == 1)
    }

    @Test func concurrentEncodingGivesTheSameIDs() async throws {
        let tokenizer = try TrainedVocabulary.make()
        let expected = TrainedVocabulary.texts.map { tokenizer.encode($0) }
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask { TrainedVocabulary.texts.map { tokenizer.encode($0) } == expected }
            }
            for await isEqual in group { #expect(isEqual) }
        }
    }

    @Test func impossibleTrainingIsAnError() {
        for texts in [[], [""], [" "], ["\u{2581}", "\u{1}\n"], ["Yes", "No Yes"], ["\u{3000} Yes "]] {
            #expect(throws: TokenizerError.training(reason: "there is no text"), "\(texts)") {
                try SentencePieceTokenizer.train(texts, vocabularySize: 512, wholeWords: ["Yes", "No"])
            }
        }
        #expect(throws: TokenizerError.self) { try SentencePieceTokenizer.train(["a b"], vocabularySize: 3) }
        #expect(throws: TokenizerError.self) {
            try SentencePieceTokenizer.train(
                [String(repeating: "abcdefghijklmnopqrstuvwxyz ", count: 20)], vocabularySize: 20)
        }
        #expect(throws: TokenizerError.self) {
            try SentencePieceTokenizer.train(["a"], vocabularySize: 512, wholeWords: ["a,b"])
        }
        #expect(throws: TokenizerError.self) {
            try SentencePieceTokenizer.train(["a"], vocabularySize: 512, wholeWords: [""])
        }
    }

    @Test(arguments: [["a", "\u{0}"], ["."], ["Yes"], ["a"], ["a", "a"], ["aaaa aaaa"], ["a b c"], ["é"]])
    func aTinyCorpusGivesATinyVocabulary(texts: [String]) throws {
        let tokenizer = try SentencePieceTokenizer.train(texts, vocabularySize: 512)
        #expect(tokenizer.pieceCount < 20)
        #expect(tokenizer.decode(tokenizer.encode(texts[0])) == texts[0])
    }

    @Test func everyTruncatedModelIsRefused() throws {
        let bytes = try TrainedVocabulary.make(100).modelBytes
        for count in stride(from: 0, to: bytes.count, by: 997) {
            let expected = "\(count) of \(bytes.count) bytes"
            #expect(throws: TokenizerError.self, "\(expected)") {
                try SentencePieceTokenizer.load(Array(bytes.prefix(count)))
            }
        }
    }

    @Test(arguments: 0..<20) func damagedModelsAreRefusedOrUsable(seed: UInt64) throws {
        let bytes = try TrainedVocabulary.make(100).modelBytes
        var state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 1
        for _ in 0..<3 {
            var damaged = bytes
            for _ in 0..<4 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                damaged[Int(state >> 33) % damaged.count] = UInt8(truncatingIfNeeded: state >> 20)
            }
            guard let tokenizer = try? SentencePieceTokenizer.load(damaged) else { continue }
            for text in TrainedVocabulary.texts.prefix(20) + ["日本語 ㍿ ﬁ Å é\u{301} \u{3000}x"] {
                _ = tokenizer.decode(tokenizer.encode(text))
            }
        }
    }

    @Test func whatIsNoT5ModelIsRefused() {
        for bytes in [[], [0x0a], Array("hello, world".utf8), [UInt8](repeating: 0, count: 100)] as [[UInt8]] {
            #expect(throws: TokenizerError.self) { try SentencePieceTokenizer.load(bytes) }
        }
    }
}

struct SentencePieceVectorTests {
    private static func lines(_ name: String) throws -> [JSONValue] {
        let reader = try LineReader(path: SharedFiles.path("oracle/tokenizer/\(name)"))
        var values: [JSONValue] = []
        while let line = try reader.next() { values.append(try StrictJSON.parse(line)) }
        return values
    }

    private static func ids(_ value: JSONValue?) -> [Int32]? {
        value?.arrayValue?.compactMap { $0.intValue.flatMap { Int32(exactly: $0) } }
    }

    private static func tokenizer() throws -> SentencePieceTokenizer {
        try SentencePieceTokenizer.load(SharedFiles.read("oracle/tokenizer/spiece.model"))
    }

    @Test(.enabled(if: SharedFiles.exists)) func everyTextHasThePublishedIDs() throws {
        let tokenizer = try Self.tokenizer()
        #expect(tokenizer.vocabularySize == 32100)
        #expect(tokenizer.pieceID("▁Yes") == 2163)
        let vectors = try Self.lines("encode_vectors.jsonl")
        #expect(vectors.count == 478)
        for vector in vectors {
            let text = try #require(vector["text"]?.stringValue)
            let ids = try #require(Self.ids(vector["ids"]))
            #expect(tokenizer.encode(text) == ids, "\(vector)")
            #expect(tokenizer.encode(text, limit: 512) == (ids.count <= 512 ? ids : ids.prefix(511) + [1]))
            let pieces = try #require(Self.ids(vector["sp_ids"]))
            #expect(tokenizer.encodePieces(Array(text.utf8)) == pieces, "\(vector)")
            #expect(JSONValue.string(tokenizer.decodePieces(pieces)) == vector["sp_decoded"], "\(vector)")
            #expect(JSONValue.string(tokenizer.decode(ids, tidyingSpaces: true)) == vector["decoded"], "\(vector)")
        }
    }

    @Test(.enabled(if: SharedFiles.exists)) func everyByteStringHasThePublishedIDs() throws {
        let tokenizer = try Self.tokenizer()
        let vectors = try Self.lines("bytes_vectors.jsonl")
        #expect(vectors.count == 227)
        for vector in vectors {
            let bytes = try Hex.decode(try #require(vector["hex"]?.stringValue))
            #expect(tokenizer.encodePieces(bytes) == Self.ids(vector["sp_ids"]), "\(vector)")
        }
    }
}
