import LetheBytes
import LetheRecommendation
import Testing

/// Logs that Lethe does not know, read as a mapping says.
struct InteractionMappingTests {
    static let mapping = InteractionMapping(
        interactions: .init(
            table: .init(file: "log.csv", format: .csv(CSVDialect(delimiter: UInt8(ascii: ";")))), user: "who",
            item: "what",
            opinion: .rating(
                field: "mark",
                scale: RatingScale(
                    steps: 1...10, stepThousandths: 500, likedAbove: 7, reading: .units(one: "leaf", many: "leaves"))
                    ?? .fiveStars, unrated: ["-"]),
            time: .field("day", .iso8601)),
        items: .init(table: .init(file: "teas.jsonl", format: .jsonLines), id: "sku", title: "text.en"),
        users: .init(
            table: .init(file: "people.csv", format: .csv(CSVDialect())), id: "id",
            fields: [
                .init(name: "town", sentence: "The user lives in {}.", values: ["1": "Upper Fen", "2": "Lower Fen"]),
                .init(name: "sex", sentence: "The user is {}.", values: ["w": "female", "m": "male", "x": "diverse"]),
            ], pronouns: .init(name: "sex", she: ["w"], he: ["m"])),
        wording: DatasetWording(item: "tea", items: "teas", verb: "drank", shortening: .none))

    static let files = [
        "log.csv":
            "day;who;what;mark\n2020-02-29;jo;a;3.5\n2020-02-28 10:00:00;jo;b;-\n2020-02-28T23:59:59.9+01:00;mi;a;4\n",
        "teas.jsonl": #"{"sku": "a", "text": {"en": "Misty Sencha"}}"# + "\n"
            + #"{"sku": "b", "text": {"en": "Oolong"}}"#,
        "people.csv": "id,town,sex\njo,2,w\nmi,1,x\nal,9,9\n",
    ]

    private static func load(
        _ changes: [String: String] = [:], _ edit: (inout InteractionMapping) -> Void = { _ in }
    ) throws -> InteractionDataset {
        var mapping = mapping
        edit(&mapping)
        let files = files.merging(changes) { $1 }.mapValues { Array($0.utf8) }
        return try withFolder(files) { try mapping.load(from: $0) }
    }

    private static func complaint(
        _ changes: [String: String] = [:], _ edit: (inout InteractionMapping) -> Void = { _ in }
    ) throws -> String {
        "\(try #require(throws: DatasetError.self) { try load(changes, edit) })"
    }

    @Test func aLogWithHalfMarksAndUserFieldsIsRead() throws {
        let dataset = try Self.load()
        let (jo, mi) = (try #require(dataset.user(named: "jo")), try #require(dataset.user(named: "mi")))
        #expect(dataset.users.count == 2 && dataset.user(named: "al") == nil)
        #expect(dataset.items.map(\.title) == ["Misty Sencha"])
        #expect(dataset.ratings.map(\.stars) == [7, 8])
        #expect(dataset.ratings.map(\.timestamp) == [1_582_934_400, 1_582_930_799])
        #expect(dataset.provenance.omissions.map(\.reason) == ["not rated"])
        let tea = dataset.items[0].id
        func prompt(_ user: User, _ template: PromptTemplate) throws -> String {
            try template.render(
                InteractionRecord(
                    userID: user.id, itemID: tea, stars: 8, timestamp: 1, label: true,
                    history: [HistoryEntry(itemID: tea, stars: 7), HistoryEntry(itemID: tea, stars: 2)]), dataset)
        }
        #expect(
            try prompt(jo, .paper) == """
                The user lives in Lower Fen. The user is female. She drank these teas in order, oldest first, and rated them: \
                ['0. Misty Sencha (3.5 leaves)', '1. Misty Sencha (1 leaf)']. Judging by what she rated so far, will she like \
                the tea ***Misty Sencha***? Note that more leaves mean that she liked the tea more. Answer with yes or no \
                only, nothing else.
                """)
        #expect(try prompt(mi, .compact) == "Upper Fen diverse: Misty Sencha 3.5, Misty Sencha 1. MISTY SENCHA?")
        #expect(try prompt(mi, .paper).contains("They drank these teas"))
        // The vocabulary sees every value of the mapping, whoever is in the data.
        let corpus = PromptTemplate.compact.vocabularyCorpus(dataset).joined()
        for word in ["Upper Fen", "Lower Fen", "female", "male", "diverse", "3.5"] { #expect(corpus.contains(word)) }
    }

    @Test func labelsReadAsTheirWords() throws {
        let dataset = try Self.load(["log.csv": "day;who;what;mark\n2020-01-01;jo;a;kept\n2020-01-02;jo;b;returned\n"])
        {
            $0.interactions.opinion = .label(
                field: "mark", liked: ["kept"], disliked: ["returned"], words: .liking("kept", "sent back"))
        }
        let (a, b) = (dataset.ratings[0], dataset.ratings[1])
        #expect([a.stars, b.stars] == [1, 0])
        let record = InteractionRecord(
            userID: a.userID, itemID: a.itemID, stars: 1, timestamp: 3, label: true,
            history: [HistoryEntry(itemID: a.itemID, stars: 1), HistoryEntry(itemID: b.itemID, stars: 0)])
        let sentences = try PromptTemplate.paper.render(record, dataset)
        #expect(sentences.contains("and judged them: ['0. Misty Sencha (kept)', '1. Oolong (sent back)']"))
        #expect(!sentences.contains("Note that"))
        #expect(
            try PromptTemplate.compact.render(record, dataset).hasSuffix(
                "Misty Sencha kept, Oolong sent back. MISTY SENCHA?"))
    }

    @Test func numbersOfNamesDoNotDependOnWhoElseIsThere() throws {
        let whole = try Self.load()
        let part = try Self.load(["log.csv": "day;who;what;mark\n2020-02-28;mi;a;4\n"])
        #expect(part.users == whole.users.filter { $0.name == "mi" })
        #expect(part.items.map(\.id) == whole.items.map(\.id))
        // A name that looks like another's number is somebody else.
        let mi = part.users[0].id
        #expect(part.user(named: "\(mi)") == nil)
    }

    @Test func logsWithoutHeaderInLatin1AndWithTitlesInTheirOwnRowsAreRead() throws {
        var mapping = Self.mapping
        let dialect = CSVDialect(delimiter: 9, quote: nil, hasHeader: false, encoding: .latin1)
        mapping.interactions.table = .init(file: "log.tsv", format: .csv(dialect))
        mapping.interactions.user = "1"
        mapping.interactions.item = "2"
        mapping.interactions.opinion = .label(
            field: "4", liked: ["1"], disliked: ["0"], words: .liking("liked", "disliked"))
        mapping.interactions.time = .rowOrder
        mapping.items = .init(table: mapping.interactions.table, id: "2", title: "3")
        mapping.users = nil
        let rows = "jo\ta\tCaf\u{e9} \"N\u{f6}t\"\t1\njo\tb\tOolong\t0\nmi\ta\tCaf\u{e9} \"N\u{f6}t\"\t0\textra\n"
        func dataset(_ text: String) throws -> InteractionDataset {
            try withFolder(["log.tsv": LoaderTests.latin1(text)]) { try mapping.load(from: $0) }
        }
        let read = try dataset(rows)
        #expect(Set(read.items.map(\.title)) == ["Caf\u{e9} \"N\u{f6}t\"", "Oolong"])
        #expect(read.ratings.map(\.timestamp) == [1, 2, 3] && read.provenance.files == ["log.tsv"])
        let error = try #require(throws: DatasetError.self) { try dataset(rows + "mi\tb\tAssam\t1\n") }
        #expect("\(error)" == "log.tsv, line 4: another title of tea \"b\" is already in line 2")
    }

    @Test(arguments: [
        (
            "log.csv", "day;who;what;mark\n2020-02-29;jo;a;3.7\n",
            "log.csv, line 2, mark: expected a rating from 0.5 to 5 in steps of 0.5, found \"3.7\""
        ),
        (
            "log.csv", "day;who;what;mark\n2020-02-29;jo;a;0\n",
            "log.csv, line 2, mark: expected a rating from 0.5 to 5 in steps of 0.5, found \"0\""
        ),
        (
            "log.csv", "day;who;what;mark\n2020-02-29;jo;a;1e0\n",
            "log.csv, line 2, mark: expected a rating from 0.5 to 5 in steps of 0.5, found \"1e0\""
        ),
        (
            "log.csv", "day;who;what;mark\n2021-02-29;jo;a;4\n",
            "log.csv, line 2, day: expected a date such as 2013-04-19 or 2013-04-19T08:15:15Z, from 1970 on, found \"2021-02-29\""
        ),
        (
            "log.csv", "day;who;what;mark\n2020-02-28;al;a;4\n",
            "people.csv, line 4, town: expected one of 1, 2, found another value"
        ),
        (
            "log.csv", "day;who;what;mark\n2020-02-28;zo;a;4\n",
            "log.csv, line 2, who: expected a user of people.csv, found another"
        ),
        ("log.csv", "day;who;what;mark\n2020-02-28;jo;c;4\n", "log.csv, line 2: tea \"c\" is not in the teas file"),
        (
            "teas.jsonl", "{\"sku\": \"a\", \"text\": {\"en\": \"\"}}\n",
            "log.csv, line 2, what: expected tea with a title, found \"a\", which has none"
        ),
        (
            "teas.jsonl", "{\"sku\": \"a\", \"text\": \"x\"}\n",
            "log.csv, line 2, what: expected tea with a title, found \"a\", which has none"
        ),
        (
            "teas.jsonl", "{\"sku\": \"a\", \"text\": {\"en\": \"x\\u0000\"}}\n",
            "teas.jsonl, line 1, text.en: expected at most 4096 bytes without NUL, found 2 bytes"
        ),
        (
            "people.csv", "id,town,sex\njo,2,w\njo,2,w\nmi,1,m\nmi,2,m\n",
            "people.csv, line 5: another description of this user is already in line 4"
        ),
    ])
    func badRowsAreClearErrors(file: String, text: String, expected: String) throws {
        #expect(try Self.complaint([file: text]) == expected)
    }

    @Test func timesThatGoBackwardsAreAnErrorWhereOrderIsPromised() throws {
        let text = "day;who;what;mark\n2020-02-29;jo;a;3\n2020-02-29;jo;b;3\n2020-02-28;mi;b;3\n"
        #expect(try Self.load(["log.csv": text]).ratings.count == 3)
        #expect(
            try Self.complaint(["log.csv": text]) { $0.interactions.isSorted = true }
                == "log.csv, line 4, day: expected a time not before that of the row above, found an earlier one")
    }

    @Test(
        arguments: [
            (InteractionMapping.TimeFormat.seconds, "99999999999", 99_999_999_999), (.seconds, "100000000000", nil),
            (.seconds, "-1", nil), (.seconds, "1.5", nil), (.seconds, "99999999999999999999999", nil),
            (.seconds, "", nil),
            (.milliseconds, "1366384515999", 1_366_384_515), (.milliseconds, "999999999999999", nil),
            (.iso8601, "1970-01-01", 0), (.iso8601, "1969-12-31", nil), (.iso8601, "2000-02-29T00:00:00Z", 951_782_400),
            (.iso8601, "1900-02-29", nil), (.iso8601, "2020-13-01", nil), (.iso8601, "2020-01-01T24:00:00", nil),
            (.iso8601, "2020-01-01T00:00:00+0100", nil), (.iso8601, "2020-01-01x", nil), (.iso8601, "9999-12-31", nil),
            (.goodreads, "Fri Apr 19 08:15:15 -0700 2013", 1_366_384_515),
            (.goodreads, "Thu Jan 01 00:00:00 +0000 1970", 0), (.goodreads, "Fr Apr 19 08:15:15 -0700 2013", nil),
            (.goodreads, "Fri Apr 19 08:15:15 -0700 2013 ", nil), (.goodreads, "Fri Avr 19 08:15:15 -0700 2013", nil),
        ] as [(InteractionMapping.TimeFormat, String, Int?)])
    func timesAreReadStrictly(format: InteractionMapping.TimeFormat, text: String, expected: Int?) throws {
        let log = ["log.csv": "day;who;what;mark\n\(text);jo;a;3\n"]
        let edit: (inout InteractionMapping) -> Void = { $0.interactions.time = .field("day", format) }
        if let expected {
            #expect(try Self.load(log, edit).ratings.map(\.timestamp) == [expected])
        } else {
            #expect(try Self.complaint(log, edit).hasPrefix("log.csv, line 2, day: expected "))
        }
    }

    @Test func ratingsOffTheScaleCannotGetIntoADataSet() throws {
        let items = [Item(id: 1, title: "A")]
        let users = [User(id: 1, name: "1")]
        let error = try #require(throws: DatasetError.self) {
            try InteractionDataset(
                users: users, items: items, ratings: [Rating(userID: 1, itemID: 1, stars: 9, timestamp: 0)],
                scale: .fiveStars, wording: .books)
        }
        #expect("\(error)" == "ratings, line 1, rating: expected a rating from 1 to 5, found 9")
        #expect(
            RatingScale(steps: 1...5, stepThousandths: 0, likedAbove: 3, reading: .words(liked: "", disliked: ""))
                == nil)
        #expect(RatingScale(steps: 1...5, likedAbove: 6, reading: .words(liked: "", disliked: "")) == nil)
    }

    @Test(arguments: ["who", "0", "-1", "10001", "99999999999999999999", "1.0", ""])
    func withoutAHeaderColumnsAreNumbers(name: String) throws {
        let found = try Self.complaint(["log.csv": "2020-02-28,jo,a,4\n"]) {
            $0.interactions.table.format = .csv(CSVDialect(hasHeader: false))
            ($0.interactions.item, $0.interactions.opinion) = ("3", .rating(field: "4", scale: .fiveStars))
            ($0.interactions.time, $0.interactions.user) = (.field("1", .iso8601), name)
        }
        #expect(
            found
                == "log.csv, line 1, header: expected columns called 1 to 10000, as there is no header, found \"\(name)\""
        )
    }

    @Test func fieldsOfJSONMayBePathsThroughListsAndObjects() throws {
        for (path, title) in [("names.1.text", "Oolong"), ("names.7.text", nil), ("names.-1.text", nil), ("0", nil)] {
            let edit: (inout InteractionMapping) -> Void = {
                $0.items.title = path
                $0.items.unknown = .skip
            }
            let tea = #"{"sku": "a", "names": [{"text": "x"}, {"text": "Oolong"}]}"# + "\n"
            #expect(try Self.load(["teas.jsonl": tea], edit).items.first?.title == title)
        }
    }
}
