import LetheBytes
import LetheRecommendation
import Testing

/// Loaders of GoodReads, on books that nobody wrote.
struct GoodReadsTests {
    static let books = """
        book_id,isbn,authors,title
        1,9,"Ada Quill, Ben Orr","The Salt Clock (Tidewater, #1)"
        2,,Cy Dunn,"Ash, ""Then"" Rain"
        30,7,Éa Vole,Lanterns  of
        """ + "\n"
    static let ratings = "user_id,book_id,rating\n7,1,5\n8,30,2\n7,2,3\n"

    static func goodbooks(ratings: String = ratings, books: String = books) -> [String: [UInt8]] {
        ["ratings.csv": Array(ratings.utf8), "books.csv": Array(books.utf8)]
    }

    static let interactions = [
        interaction("ab", "10", 4, "Fri Apr 19 08:15:15 -0700 2013"),
        interaction("cd", "10", 0, "Fri Apr 19 08:15:16 -0700 2013"),
        interaction("cd", "11", 3, "Sat Apr 20 00:00:00 +0000 2013"),
        interaction("cd", "10", 2, "Fri Apr 19 15:15:14 +0000 2013"),
    ]

    static func interaction(_ user: String, _ book: String, _ rating: Int, _ added: String) -> String {
        #"{"user_id": "\#(user)", "book_id": "\#(book)", "review_id": "f0", "is_read": true, "rating": \#(rating), "#
            + #""review_text_incomplete": "", "date_added": "\#(added)", "read_at": ""}"#
    }

    static func book(_ id: String, _ title: String, author: String = "77") -> String {
        #"{"book_id": "\#(id)", "title": "\#(title)", "authors": [{"author_id": "\#(author)", "role": ""}], "num_pages": ""}"#
    }

    static func lines(_ lines: [String]) -> [UInt8] { Array((lines.joined(separator: "\n") + "\n").utf8) }

    static func bookGraph(_ interactions: [String] = interactions) -> [String: [UInt8]] {
        [
            "goodreads_interactions_moss.json": lines(interactions),
            "goodreads_books_moss.json": lines([
                book("10", "Moss: A Memoir"), book("11", "Peat"), book("12", "Unread"),
            ]),
            "goodreads_book_authors.json": lines([#"{"author_id": "77", "name": "Io Fenn", "ratings_count": "3"}"#]),
        ]
    }

    @Test func goodbooksAreReadInTheOrderOfTheirRows() throws {
        let dataset = try withFolder(Self.goodbooks()) { try GoodReads.load($0) }
        #expect(
            dataset.ratings == [
                Rating(userID: 7, itemID: 1, stars: 5, timestamp: 1),
                Rating(userID: 8, itemID: 30, stars: 2, timestamp: 2),
                Rating(userID: 7, itemID: 2, stars: 3, timestamp: 3),
            ])
        #expect(dataset.items.map(\.title) == ["The Salt Clock (Tidewater, #1)", "Ash, \"Then\" Rain", "Lanterns of"])
        #expect(dataset.items.map(\.creator) == ["Ada Quill", "Cy Dunn", "Éa Vole"])
        #expect(dataset.users.map(\.name) == ["7", "8"] && dataset.users.allSatisfy { $0.profile == nil })
        #expect(dataset.provenance.files == ["books.csv", "ratings.csv"] && dataset.provenance.omissions.isEmpty)
    }

    @Test func theBookGraphIsReadByInstantAndUnratedRowsAreCounted() throws {
        let dataset = try withFolder(Self.bookGraph()) { try GoodReads.load($0) }
        let (first, second) = (try #require(dataset.user(named: "ab")), try #require(dataset.user(named: "cd")))
        #expect(first.id != second.id && dataset.user(named: "AB") == nil && dataset.user(named: "\(first.id)") == nil)
        #expect(
            dataset.ratings == [
                Rating(userID: first.id, itemID: 10, stars: 4, timestamp: 1_366_384_515),
                Rating(userID: second.id, itemID: 11, stars: 3, timestamp: 1_366_416_000),
                Rating(userID: second.id, itemID: 10, stars: 2, timestamp: 1_366_384_514),
            ])
        #expect(
            dataset.items == [
                Item(id: 10, title: "Moss: A Memoir", creator: "Io Fenn"),
                Item(id: 11, title: "Peat", creator: "Io Fenn"),
            ])
        #expect(dataset.provenance.omissions.map(\.reason) == ["not rated"])
        #expect(dataset.provenance.omissions[0].rows == 1 && dataset.provenance.omissions[0].firstLine == 2)
    }

    @Test func gzippedFilesAreTheSameDataSet() throws {
        for files in [Self.goodbooks(), Self.bookGraph()] {
            let plain = try withFolder(files) { try GoodReads.load($0) }
            let zipped = try withFolder(
                Dictionary(uniqueKeysWithValues: files.map { ($0 + ".gz", gzipped($1)) })
            ) { try GoodReads.load($0) }
            #expect(plain.ratings == zipped.ratings && plain.items == zipped.items && plain.users == zipped.users)
            #expect(zipped.provenance.files == plain.provenance.files.map { $0 + ".gz" })
        }
    }

    @Test func aShelvingAgainAndABookWithoutTitleAreLeftOutAndCounted() throws {
        var files = Self.bookGraph(
            Self.interactions + [
                Self.interaction("ab", "10", 1, "Sun Apr 21 00:00:00 +0000 2013"),
                Self.interaction("ab", "99", 5, "Mon Apr 22 00:00:00 +0000 2013"),
                Self.interaction("cd", "99", 5, "Mon Apr 22 00:00:00 +0000 2013"),
                Self.interaction("cd", "12", 5, "Mon Apr 22 00:00:00 +0000 2013"),
            ])
        files["goodreads_books_moss.json"] = Self.lines([
            Self.book("10", "Moss"), "", Self.book("11", "Peat"), Self.book("12", "  "),
        ])
        let dataset = try withFolder(files) { try GoodReads.load($0) }
        #expect(dataset.ratings.count == 3)
        let told = dataset.provenance.omissions.map { "\($0.file):\($0.firstLine) \($0.reason) \($0.rows)" }
        #expect(
            told == [
                "goodreads_interactions_moss.json:2 not rated 1",
                "goodreads_interactions_moss.json:5 the same user and item again 1",
                "goodreads_books_moss.json:2 empty line 1",
                "goodreads_interactions_moss.json:6 unknown book 2",
                "goodreads_interactions_moss.json:8 book without a title 1",
            ])
    }

    @Test func promptsAreOfTheSameFamilyWithoutDemographics() throws {
        let dataset = try withFolder(Self.goodbooks()) { try GoodReads.load($0) }
        let record = InteractionRecord(
            userID: 7, itemID: 2, stars: 3, timestamp: 3, label: false,
            history: [HistoryEntry(itemID: 1, stars: 5), HistoryEntry(itemID: 30, stars: 1)])
        #expect(
            try PromptTemplate.paper.render(record, dataset) == """
                The user read these books in order, oldest first, and rated them: ['0. The Salt Clock (Tidewater, #1) by Ada \
                Quill (5 stars)', '1. Lanterns of by Éa Vole (1 star)']. Judging by what they rated so far, will they like the \
                book ***Ash, "Then" Rain by Cy Dunn***? Note that more stars mean that they liked the book more. Answer with \
                yes or no only, nothing else.
                """)
        #expect(
            try PromptTemplate.compact.render(record, dataset)
                == "The Salt Clock 5, Lanterns of 1. ASH, \"THEN\" RAIN?")
        for template in PromptTemplate.allCases {
            let corpus = template.vocabularyCorpus(dataset)
            #expect(corpus.contains { $0.uppercased().contains("SALT CLOCK") } && corpus.count > 10)
        }
    }

    @Test func foldersThatDoNotSayWhatToReadAreErrors() throws {
        func complaint(_ files: [String: [UInt8]]) throws -> String {
            try withFolder(files) { folder in
                "\(try #require(throws: DatasetError.self) { try GoodReads.load(folder) })"
            }
        }
        #expect(
            try complaint([:]).hasSuffix(
                "neither ratings.csv nor goodreads_interactions*.json is there, plain or gzipped"))
        #expect(try complaint(Self.goodbooks().merging(Self.bookGraph()) { $1 }).contains("keep one of them"))
        #expect(try complaint(["ratings.csv": Array(Self.ratings.utf8)]).contains("neither books.csv nor books.csv.gz"))
        var two = Self.bookGraph()
        two["goodreads_interactions_fern.json.gz"] = []
        #expect(
            try complaint(two).contains(
                "goodreads_interactions_fern.json.gz, goodreads_interactions_moss.json are there"))
        var bookless = Self.bookGraph()
        bookless["goodreads_books_moss.json"] = nil
        #expect(try complaint(bookless).contains("goodreads_books*.json"))
        var authorless = Self.bookGraph()
        authorless["goodreads_book_authors.json"] = nil
        #expect(try withFolder(authorless) { try GoodReads.load($0) }.items.allSatisfy { $0.creator == nil })
    }
}

/// The counts of `data/goodbooks/README.md`, on the real files.
@Suite(.enabled(if: goodbooksFolder != nil))
struct GoodbooksCountTests {
    @Test func theRealFilesHaveTheKnownCounts() throws {
        let dataset = try GoodReads.load(try #require(goodbooksFolder))
        #expect(dataset.ratings.count == 298_176 && dataset.users.count == 2672 && dataset.items.count == 9990)
        #expect(DatasetDescription(dataset).ratingsByStars == [6502, 18_533, 69_438, 106_126, 97_577])
        var rules = PaperProtocol.goodReads
        rules.pretrainingLimit = 40_000
        let split = try rules.split(dataset)
        #expect(split.training.count == 60_000 && split.validation.count == 20_000 && split.test.count == 20_000)
        #expect(split.trainingUsers.count == 1653 && Set(split.test.map(\.userID)).count == 1274)
        #expect(split.forgottenUsers.count == 330)
        rules.outerRatio = .init(0, 1, 1)
        #expect(try rules.split(dataset).training == split.training)
        rules.windowLimit = .max
        rules.pretrainingLimit = 0
        let all = try rules.split(dataset)
        let records = all.training + all.validation + all.test
        #expect(records.count == 284_816)
        let liked = Double(records.count { $0.label }) / Double(records.count)
        #expect((0.6805..<0.6815).contains(liked))
    }
}
