import LetheBytes
import LetheRecommendation
import Testing

struct DataSynthesizerTests {
    private static func small() -> SynthesisConfiguration {
        var configuration = SynthesisConfiguration()
        configuration.windowUsers = 30
        configuration.lateUsers = 6
        configuration.earlyRatingsPerWindowRating = 3.5
        return configuration
    }

    @Test func theSameSeedGivesTheSameBytes() throws {
        let first = try DataSynthesizer(configuration: Self.small(), seed: 7).files()
        #expect(try DataSynthesizer(configuration: Self.small(), seed: 7).files() == first)
        let other = try DataSynthesizer(configuration: Self.small(), seed: 8).files()
        #expect(other.ratings != first.ratings && other.movies != first.movies && other.users != first.users)
    }

    /// Pins the bytes: whoever changes the generator changes every published figure about the default data.
    @Test func theBytesAreThoseOfEveryRelease() throws {
        let files = try DataSynthesizer(configuration: Self.small(), seed: 7).files()
        #expect(
            [files.users, files.movies, files.ratings].map(Self.fingerprint) == [
                747_126_807_031_241_469, 16_382_404_582_947_201_745, 5_526_516_605_586_264_327,
            ])
    }

    /// FNV-1a.
    private static func fingerprint(_ bytes: [UInt8]) -> UInt64 {
        bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    @Test func writtenFilesLoadAsTheDataSet() throws {
        let synthesizer = try DataSynthesizer(configuration: Self.small(), seed: 7)
        let made = try synthesizer.dataset()
        try withFolder([:]) { folder in
            try synthesizer.write(to: Files.join(folder, "new/data"))
            let loaded = try MovieLens.load(Files.join(folder, "new/data"))
            #expect(loaded.users == made.users && loaded.items == made.items && loaded.ratings == made.ratings)
        }
    }

    @Test func aFileInTheWayIsAnError() throws {
        try withFolder(["taken": [1]]) { folder in
            let synthesizer = try DataSynthesizer(configuration: Self.small(), seed: 7)
            #expect(throws: SynthesisError.self) { try synthesizer.write(to: Files.join(folder, "taken")) }
        }
    }

    @Test func theProtocolFindsWindowUsersAndEarlyOnes() throws {
        let configuration = SynthesisConfiguration()
        let dataset = try DataSynthesizer(configuration: configuration, seed: 1).dataset()
        var paper = PaperProtocol()
        paper.pretrainingLimit = 10_000
        let split = try paper.split(dataset)
        let summary = SplitSummary(split)
        #expect(split.pretraining.count == 10_000)
        #expect((240...255).contains(summary.trainingUsers))
        #expect((45...52).contains(summary.forgottenUsers))
        #expect((3000...5500).contains(split.training.count))
        #expect(Set(split.neverTrainedRecords.map(\.userID)).count >= 40)
        #expect(split.retainedTestRecords.count > 500)
        for name in ["pretraining", "training", "forgotten", "validation", "test"] {
            let share = try #require(summary.part(name)?.likedShare)
            #expect((0.45...0.62).contains(share), "\(name): \(share)")
        }
    }

    @Test func opinionsOnSeriesAreStableAndHistoriesDoNotTellThem() throws {
        let configuration = SynthesisConfiguration()
        let dataset = try DataSynthesizer(configuration: configuration, seed: 1).dataset()
        let split = try PaperProtocol().split(dataset)
        func series(_ itemID: Int) throws -> String? {
            let title = try #require(dataset.item(itemID)).title.dropLast(7)
            let name = title.hasPrefix("Return to ") ? title.dropFirst(10) : title
            return name.contains(" ") ? nil : String(name)
        }
        var opinions: [String: Bool] = [:]
        var onSeries = 0
        var repeats = 0
        let window = split.training + split.validation + split.test
        for record in window {
            guard let name = try series(record.itemID) else { continue }
            onSeries += 1
            let key = "\(record.userID) \(name)"
            if let known = opinions[key] {
                #expect(known == record.label)
                repeats += 1
            }
            opinions[key] = record.label
            for entry in record.history { #expect(try series(entry.itemID) != name) }
        }
        #expect(repeats > 300)
        let share = Double(onSeries) / Double(window.count)
        #expect((0.35...0.55).contains(share))
    }

    @Test func popularityHasALongTail() throws {
        let description = DatasetDescription(try DataSynthesizer(seed: 1).dataset())
        let items = try #require(description.ratingsPerItem)
        #expect(items.most > 100 * items.median)
        #expect(description.users == description.activeUsers)
        let users = try #require(description.ratingsPerUser)
        #expect(users.least >= 24 && users.most <= 60)
    }

    @Test func titlesAreUniqueAndInvented() throws {
        let dataset = try DataSynthesizer(seed: 1).dataset()
        let titles = Set(dataset.items.map(\.title))
        #expect(titles.count == dataset.items.count)
        #expect(titles.allSatisfy { $0.hasSuffix(")") && $0.unicodeScalars.allSatisfy { $0.value < 256 } })
        #expect(titles.contains { $0.unicodeScalars.contains { $0.value > 127 } })
    }

    @Test(.enabled(if: movieLensFolder != nil))
    func noTitleIsARealOne() throws {
        func names(_ dataset: InteractionDataset) -> Set<String> {
            Set(dataset.items.map { String($0.title.dropLast(7)) })
        }
        let invented = names(try DataSynthesizer(seed: 1).dataset())
        let real = names(try MovieLens.load(try #require(movieLensFolder)))
        #expect(invented.isDisjoint(with: real), "\(invented.intersection(real))")
    }

    @Test func postalCodesAreFiveDigits() throws {
        let synthesizer = try DataSynthesizer(configuration: Self.small(), seed: 3)
        let lines = String(decoding: synthesizer.files().users, as: UTF8.self).split(separator: "\n")
        #expect(lines.allSatisfy { $0.suffix(7).hasPrefix("::") && $0.suffix(5).allSatisfy(\.isNumber) })
        let dataset = try synthesizer.dataset()
        #expect(Set(dataset.users.map(\.id)) == Set(1...dataset.users.count))
    }

    @Test(
        arguments: [
            { c in c.windowUsers = 1 }, { c in c.lateUsers = 300 }, { c in c.seriesShare = 1.5 },
            { c in c.popularFilms = 301 }, { c in c.popularFilms = 20 }, { c in c.seriesPerUser = 1000 },
            { c in c.filmsPerSeries = 0 }, { c in c.noiseDeviation = .nan }, { c in c.ratingsPerEarlyUser = 1...9 },
            { c in c.days = 1 }, { c in c.start = -1 }, { c in c.followersPerSeries = 0 }, { c in c.factors = 0 },
        ] as [@Sendable (inout SynthesisConfiguration) -> Void])
    func settingsOutOfRangeAreErrors(change: @Sendable (inout SynthesisConfiguration) -> Void) {
        var configuration = SynthesisConfiguration()
        change(&configuration)
        #expect(throws: SynthesisError.self) { try DataSynthesizer(configuration: configuration, seed: 1) }
    }

    @Test func knobsAtTheirEndsStillGiveData() throws {
        var configuration = Self.small()
        configuration.seriesPerUser = 0
        configuration.lateUsers = 0
        configuration.earlyRatingsPerWindowRating = 0
        let dataset = try DataSynthesizer(configuration: configuration, seed: 1).dataset()
        #expect(dataset.users.count == 30 && !dataset.ratings.isEmpty)
    }

    @Test func descriptionsCountWhatIsThere() throws {
        let dataset = try PaperProtocolTests.dataset(users: 3, each: 10)
        let description = DatasetDescription(dataset)
        #expect(description.users == 3 && description.items == 10 && description.ratings == 30)
        #expect(description.ratingsByStars == [6, 6, 6, 6, 6])
        #expect(description.likedShare == 0.4)
        #expect(description.timestamps == 1...30)
        #expect(description.itemsByGenre.count == 1 && description.itemsByGenre[0] == ("Drama", 10))
        #expect(description.ratingsPerUser?.median == 10)
        let empty = DatasetDescription(try MovieLens.dataset(users: [], items: [], ratings: []))
        #expect(empty.likedShare == nil && empty.ratingsPerUser == nil && empty.timestamps == nil)
    }
}
