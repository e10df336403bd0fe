import LetheRecommendation
import Testing

struct PaperProtocolTests {
    /// 30 users of whom user u rates ten items at times u, 2u, 3u …; all times and users interleave.
    static func dataset(users: Int = 30, each: Int = 10, split: PublishedSplit? = nil) throws -> InteractionDataset {
        try MovieLens.dataset(
            users: (1...users).map {
                MovieLensUser(id: $0, gender: .male, age: .from25, occupation: .writer, postalCode: "1")
            },
            items: (1...each).map { Item(id: $0, title: "Film \($0) (1990)", genres: ["Drama"]) },
            ratings: (1...users).flatMap { user in
                (1...each).map { Rating(userID: user, itemID: $0, stars: (user + $0) % 5 + 1, timestamp: user * $0) }
            },
            publishedSplit: split)
    }

    @Test func partsAreCutByTime() throws {
        var paper = PaperProtocol()
        paper.windowLimit = 25
        paper.historyLimit = 3
        let split = try paper.split(Self.dataset())
        // 150 records have five earlier ones; 8:1:1 leaves 30; the last 25 are cut 15, 5, 5.
        #expect(split.training.count == 15)
        #expect(split.validation.count == 5)
        #expect(split.test.count == 5)
        let window = split.training + split.validation + split.test
        let times = window.map(\.timestamp)
        #expect(times == times.sorted())
        #expect(window.last?.timestamp == 300)
        for record in window {
            let earlier = (record.itemID - 3..<record.itemID).map {
                HistoryEntry(itemID: $0, stars: (record.userID + $0) % 5 + 1)
            }
            #expect(record.history == earlier)
            #expect(record.label == (record.stars > 3))
        }
        #expect(split.shards.count == 15)
        #expect(split.pretraining.isEmpty && split.held.isEmpty)
    }

    @Test func equalTimesAreOrderedByUserThenItem() throws {
        let users = (1...3).map {
            MovieLensUser(id: $0, gender: .male, age: .from25, occupation: .writer, postalCode: "1")
        }
        let dataset = try MovieLens.dataset(
            users: users, items: (1...8).map { Item(id: $0, title: "T\($0)", genres: ["War"]) },
            ratings: [3, 1, 2].flatMap { user in
                [5, 8, 1, 2, 7, 3, 4, 6].map { Rating(userID: user, itemID: $0, stars: 3, timestamp: 7) }
            })
        var paper = PaperProtocol()
        paper.outerRatio = .init(0, 1, 0)
        paper.innerRatio = .init(1, 1, 1)
        let split = try paper.split(dataset)
        let window = split.training + split.validation + split.test
        #expect(window.map(\.userID) == [1, 1, 1, 2, 2, 2, 3, 3, 3])
        #expect(window.map(\.itemID) == [6, 7, 8, 6, 7, 8, 6, 7, 8])
        #expect(window[0].history.map(\.itemID) == [1, 2, 3, 4, 5])
    }

    @Test func forgottenUsersAreThePythonShufflesFirst() throws {
        var paper = PaperProtocol()
        paper.outerRatio = .init(0, 1, 0)
        let split = try paper.split(Self.dataset())
        var order = split.trainingUsers
        var generator = MersenneTwister(pythonSeed: 42)
        generator.shuffle(&order)
        #expect(split.trainingUsers.count == 23)
        #expect(split.forgottenUsers == order.prefix(4).sorted())
        #expect(split.forgottenRecords.count + split.retainedRecords.count == split.training.count)
        #expect(split.forgottenRecords.allSatisfy { split.isForgotten($0.userID) })
        #expect(split.retainedRecords.allSatisfy { !split.isForgotten($0.userID) })
    }

    @Test func pretrainingIsByUsersOutsideOfTheWindow() throws {
        var paper = PaperProtocol()
        paper.windowLimit = 25
        paper.pretrainingLimit = 1000
        let split = try paper.split(Self.dataset())
        let window = split.training + split.validation + split.test
        let inWindow = Set(window.map(\.userID))
        #expect(!split.pretraining.isEmpty)
        #expect(split.pretraining.allSatisfy { !inWindow.contains($0.userID) && $0.timestamp <= window[0].timestamp })
        #expect(split.pretraining.map(\.timestamp) == split.pretraining.map(\.timestamp).sorted())
        paper.pretrainingLimit = 7
        let fewer = try paper.split(Self.dataset())
        #expect(fewer.pretraining == split.pretraining.suffix(7))
    }

    @Test func listedUsersAreForgotten() throws {
        var paper = PaperProtocol()
        paper.outerRatio = .init(0, 1, 0)
        paper.forgetting = .users([5, 3, 5])
        let split = try paper.split(Self.dataset())
        #expect(split.forgottenUsers == [3, 5])
        #expect(Set(split.forgottenRecords.map(\.userID)) == [3, 5])
        let other = try split.forgetting([7])
        #expect(other.forgottenUsers == [7] && other.training == split.training)
        #expect(throws: ProtocolError.forgottenUserWithoutTrainingRecord(userID: 99)) { try split.forgetting([99]) }
        paper.forgetting = .users([99])
        #expect(throws: ProtocolError.forgottenUserWithoutTrainingRecord(userID: 99)) {
            try paper.split(Self.dataset())
        }
    }

    @Test func subsamplesKeepWholeUsersInProportion() throws {
        var paper = PaperProtocol()
        paper.outerRatio = .init(0, 1, 0)
        let whole = try paper.split(Self.dataset())
        paper.subsample = .init(users: 10, evaluationRecords: 4)
        let part = try paper.split(Self.dataset())
        #expect(part.trainingUsers.count == 10)
        #expect(part.forgottenUsers.count == 10 * 4 / 23)
        #expect(Set(part.forgottenUsers).isSubset(of: whole.forgottenUsers))
        #expect(part.validation.count == 4 && part.test.count == 4)
        #expect(part.training.count + part.held.count == whole.training.count)
        #expect(Set(part.held.map(\.userID)).isDisjoint(with: part.trainingUsers))
        #expect(part.shards.count == part.training.count)
        for (record, shard) in zip(part.training, part.shards) {
            #expect(whole.shards[try #require(whole.training.firstIndex(of: record))] == shard)
        }
        #expect(part.neverTrainedRecords.contains(part.held[0]))
        #expect(part.retainedTestRecords.allSatisfy { part.trainingUsers.contains($0.userID) })
        #expect(try paper.split(Self.dataset()) == part)
        paper.subsample?.seed = 43
        #expect(try paper.split(Self.dataset()).trainingUsers != part.trainingUsers)
    }

    @Test func listedUsersSurviveSubsampling() throws {
        var paper = PaperProtocol()
        paper.outerRatio = .init(0, 1, 0)
        paper.forgetting = .users(Array(1...8))
        paper.subsample = .init(users: 10, evaluationRecords: 100)
        let split = try paper.split(Self.dataset())
        #expect(split.forgottenUsers == Array(1...8))
        #expect(split.trainingUsers.count == 10)
    }

    @Test func publishedRowsAndFlagsAreUsed() throws {
        let rows = [
            PublishedSplit.Row(
                rating: Rating(userID: 1, itemID: 9, stars: 1, timestamp: 9), part: .training, isForgotten: true,
                shard: 3),
            PublishedSplit.Row(
                rating: Rating(userID: 2, itemID: 8, stars: 5, timestamp: 16), part: .training, isForgotten: false,
                shard: 1),
            PublishedSplit.Row(
                rating: Rating(userID: 2, itemID: 9, stars: 2, timestamp: 18), part: .validation, isForgotten: false,
                shard: 0),
            PublishedSplit.Row(
                rating: Rating(userID: 3, itemID: 10, stars: 4, timestamp: 30), part: .test, isForgotten: false,
                shard: 0),
        ]
        let dataset = try Self.dataset(split: PublishedSplit(rows: rows))
        var paper = PaperProtocol()
        paper.historyLimit = 2
        paper.pretrainingLimit = 100
        let split = try paper.split(dataset)
        #expect(split.training.map(\.userID) == [1, 2])
        #expect(split.training[0].history.map(\.itemID) == [7, 8])
        #expect(split.forgottenUsers == [1])
        #expect(split.shards == [3, 1])
        #expect(split.validation.map(\.itemID) == [9] && split.test.map(\.userID) == [3])
        #expect(split.pretraining.allSatisfy { $0.userID > 3 && $0.timestamp <= 9 })
        paper.usesPublishedSplit = false
        #expect(try paper.split(dataset).training.count > 2)
        let strange = PublishedSplit(rows: [
            PublishedSplit.Row(
                rating: Rating(userID: 77, itemID: 1, stars: 1, timestamp: 1), part: .training, isForgotten: false,
                shard: 0)
        ])
        #expect(throws: ProtocolError.publishedRowUnknown(userID: 77, itemID: 1)) {
            try PaperProtocol().split(Self.dataset(split: strange))
        }
    }

    @Test func tooFewRecordsAreAnError() throws {
        let dataset = try Self.dataset(users: 1, each: 6)
        #expect(throws: ProtocolError.self) { try PaperProtocol().split(dataset) }
        #expect(throws: ProtocolError.emptyPart(name: "training", recordsLeft: 0)) {
            try PaperProtocol().split(MovieLens.dataset(users: [], items: [], ratings: []))
        }
    }

    @Test(
        arguments: [
            { (p: inout PaperProtocol) in p.historyMinimum = -1 }, { p in p.historyLimit = -1 },
            { p in p.windowLimit = 0 }, { p in p.outerRatio = .init(0, 0, 0) }, { p in p.innerRatio = .init(-1, 1, 1) },
            { p in p.forgetting = .fraction(1.5) }, { p in p.forgetting = .fraction(.nan) },
            { p in p.shardCount = -1 }, { p in p.seed = 1 << 32 }, { p in p.pretrainingLimit = -1 },
            { p in p.subsample = .init(users: 0, evaluationRecords: 1) },
            { p in p.subsample = .init(users: 1, evaluationRecords: 0) }, { p in p.starThreshold = 6 },
        ] as [@Sendable (inout PaperProtocol) -> Void])
    func settingsOutOfRangeAreErrors(change: @Sendable (inout PaperProtocol) -> Void) throws {
        var paper = PaperProtocol()
        change(&paper)
        let error = try #require(throws: ProtocolError.self) { try paper.split(Self.dataset()) }
        guard case .invalidSetting = error else {
            Issue.record("\(error)")
            return
        }
    }

    @Test func summaryCountsEveryPart() throws {
        var paper = PaperProtocol()
        paper.outerRatio = .init(0, 1, 0)
        let split = try paper.split(Self.dataset())
        let summary = SplitSummary(split)
        let training = try #require(summary.part("training"))
        #expect(training.records == split.training.count)
        #expect(training.liked == split.training.count { $0.label })
        #expect(training.users == 23 && summary.trainingUsers == 23)
        #expect(training.recordsOfForgottenUsers == split.forgottenRecords.count)
        #expect(summary.part("forgotten")?.records == split.forgottenRecords.count)
        #expect(summary.part("test")?.forgottenUsers == Set(split.test.map(\.userID)).count { split.isForgotten($0) })
        #expect(summary.retainedShardSizes.reduce(0, +) == split.retainedRecords.count)
        #expect(summary.part("held")?.likedShare == nil)
        #expect(summary.part("test")?.timestamps?.upperBound == 300)
    }
}

/// The counts of `data/README.md`, on the real files.
@Suite(.enabled(if: movieLensFolder != nil))
struct MovieLensCountTests {
    @Test func thisFileAndThePublishedSplitHaveTheKnownCounts() throws {
        let dataset = try MovieLens.load(try #require(movieLensFolder))
        #expect(dataset.users.count == 6040)
        #expect(dataset.items.count == 3883)
        #expect(dataset.ratings.count == 800_774)

        var paper = PaperProtocol()
        let published = SplitSummary(try paper.split(dataset))
        #expect(published.trainingUsers == 1025 && published.forgottenUsers == 205)
        #expect(published.part("forgotten")?.records == 12_982)
        #expect(published.part("retained")?.records == 47_018)
        #expect(published.part("validation")?.records == 20_000 && published.part("test")?.records == 20_000)
        #expect(published.retainedShardSizes == [11_770, 11_739, 11_759, 11_750])

        paper.usesPublishedSplit = false
        paper.pretrainingLimit = 25_000
        let split = try paper.split(dataset)
        let own = SplitSummary(split)
        #expect(own.trainingUsers == 1024 && own.forgottenUsers == 204)
        #expect(own.part("forgotten")?.records == 11_820)
        #expect(own.part("retained")?.records == 48_180)
        #expect(own.retainedShardSizes == [12_084, 11_963, 11_978, 12_155])
        #expect(own.part("pretraining")?.records == 25_000)

        // The shuffle and the shards of the published split are Python's and numpy's.
        let rows = try #require(dataset.publishedSplit).rows.filter { $0.part == .training }
        var seen = Set<Int>()
        var users = rows.map(\.rating.userID).filter { seen.insert($0).inserted }
        var python = MersenneTwister(pythonSeed: 42)
        python.shuffle(&users)
        #expect(Set(users.prefix(205)) == Set(rows.filter(\.isForgotten).map(\.rating.userID)))
        var numpy = MersenneTwister(numpySeed: 42)
        #expect(numpy.choices(below: 4, count: 60_000) == rows.map(\.shard))
    }
}
