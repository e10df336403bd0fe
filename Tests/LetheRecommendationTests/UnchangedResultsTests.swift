import LetheRecommendation
import Testing

/// Pins what MovieLens-format data become: whoever changes a prompt, a vocabulary's corpus or a record's bytes changes every
/// published figure and every commitment in a log.
struct UnchangedResultsTests {
    @Test(arguments: PromptTemplate.allCases)
    func promptsAndCorporaAreThoseOfEveryRelease(template: PromptTemplate) throws {
        let dataset = try DataSynthesizer(seed: 1).dataset()
        let split = try PaperProtocol().split(dataset)
        var prompts = Fingerprint()
        for record in split.training + split.test { prompts.add(try template.render(record, dataset)) }
        var corpus = Fingerprint()
        for text in template.vocabularyCorpus(dataset) { corpus.add(text) }
        let expected: [PromptTemplate: [UInt64]] = [
            .paper: [10_652_494_819_250_764_691, 2_808_668_301_588_312],
            .compact: [2_426_952_136_141_934_405, 8_375_416_387_278_034_339],
        ]
        #expect([prompts.value, corpus.value] == expected[template])
    }

    @Test func recordsOfSyntheticDataAreThoseOfEveryRelease() throws {
        let split = try PaperProtocol().split(DataSynthesizer(seed: 1).dataset())
        #expect(
            Fingerprint.parts(of: split) == [
                2_490_408_160_531_389_687, 16_364_929_985_832_605_781, 10_966_206_093_760_471_681,
                11_600_135_481_949_982_938,
            ])
    }

    @Test(.enabled(if: movieLensFolder != nil))
    func recordsOfMovieLensAreThoseOfEveryRelease() throws {
        let split = try PaperProtocol().split(MovieLens.load(try #require(movieLensFolder)))
        #expect(
            Fingerprint.parts(of: split) == [
                3_884_861_968_345_869_176, 10_441_755_330_815_704_067, 3_247_482_436_604_932_125,
                2_872_417_919_306_138_972,
            ])
    }
}

/// FNV-1a over texts, each with a line feed.
struct Fingerprint {
    private(set) var value: UInt64 = 0xcbf2_9ce4_8422_2325

    mutating func add(_ text: String) {
        for byte in text.utf8 { add(byte) }
        add(10)
    }

    mutating func add(_ byte: UInt8) { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }

    /// Training, forgotten, validation and test records.
    static func parts(of split: RecommendationSplit) -> [UInt64] {
        [split.training, split.forgottenRecords, split.validation, split.test].map { records in
            var fingerprint = Fingerprint()
            for record in records { for byte in record.canonicalBytes { fingerprint.add(byte) } }
            return fingerprint.value
        }
    }
}
