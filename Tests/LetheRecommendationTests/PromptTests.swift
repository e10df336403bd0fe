import LetheRecommendation
import Testing

struct PythonRepresentationTests {
    /// Expected values are from CPython 3.11.
    @Test(arguments: [
        ("Toy Story (1995)", "'Toy Story (1995)'"),
        ("Schindler's List", "\"Schindler's List\""),
        ("say \"hi\"", "'say \"hi\"'"),
        ("it's \"both\"", "'it\\'s \"both\"'"),
        ("tab\tback\\slash", "'tab\\tback\\\\slash'"),
        ("line\r\nfeed", "'line\\r\\nfeed'"),
        ("caf\u{e9} \u{a0}nb \u{200b} \u{7f} \u{85} \u{2028}", "'café \\xa0nb \\u200b \\x7f \\x85 \\u2028'"),
        ("\u{1F600} \u{E0001}", "'\u{1F600} \\U000e0001'"),
        ("", "''"),
    ])
    func stringsAreQuotedAsInPython(text: String, expected: String) {
        #expect(PythonRepresentation.string(text) == expected)
    }

    @Test func listsAreWrittenAsInPython() {
        #expect(PythonRepresentation.list([]) == "[]")
        #expect(PythonRepresentation.list(["a", "b's"]) == "['a', \"b's\"]")
    }
}

struct PromptTemplateTests {
    private static func dataset() throws -> InteractionDataset {
        try MovieLens.dataset(
            users: [
                MovieLensUser(id: 1, gender: .female, age: .under18, occupation: .schoolStudent, postalCode: "48067"),
                MovieLensUser(id: 2, gender: .male, age: .from56, occupation: .selfEmployed, postalCode: "70072"),
            ],
            items: [
                Item(id: 1, title: "Tall Story (1995)", genres: ["Comedy"]),
                Item(id: 2, title: "Winter's List (1993)", genres: ["Drama"]),
                Item(id: 3, title: "1984", genres: ["Drama"]),
            ],
            ratings: [])
    }

    private static func record(user: Int = 1, item: Int = 3) -> InteractionRecord {
        InteractionRecord(
            userID: user, itemID: item, stars: 4, timestamp: 9, label: true,
            history: [HistoryEntry(itemID: 1, stars: 1), HistoryEntry(itemID: 2, stars: 5)])
    }

    @Test func paperTemplateKeepsTheFieldOrder() throws {
        let prompt = try PromptTemplate.paper.render(Self.record(), Self.dataset())
        #expect(
            prompt == """
                The user is female. Her job is K-12 student. Her age is Under 18. She watched these movies in order, oldest \
                first, and rated them: ['0. Tall Story (1995) (1 star)', "1. Winter's List (1993) (5 stars)"]. Judging by \
                what she rated so far, will she like the movie ***1984***? Note that more stars mean that she liked the \
                movie more. Answer with yes or no only, nothing else.
                """)
    }

    @Test func compactTemplateIsShortAndLeavesYearsOut() throws {
        let prompt = try PromptTemplate.compact.render(Self.record(user: 2, item: 1), Self.dataset())
        #expect(prompt == "male 56+ self-employed: Tall Story 1, Winter's List 5. TALL STORY?")
    }

    @Test(arguments: PromptTemplate.allCases)
    func emptyHistoryIsNoError(template: PromptTemplate) throws {
        let record = InteractionRecord(userID: 2, itemID: 1, stars: 1, timestamp: 0, label: false, history: [])
        let prompt = try template.render(record, Self.dataset())
        #expect(prompt.lowercased().contains("tall story"))
    }

    @Test(arguments: PromptTemplate.allCases)
    func strangersAreErrors(template: PromptTemplate) throws {
        let dataset = try Self.dataset()
        #expect(throws: PromptError.unknownUser(3)) { try template.render(Self.record(user: 3), dataset) }
        #expect(throws: PromptError.unknownItem(4)) { try template.render(Self.record(item: 4), dataset) }
    }

    @Test func postalCodesAndGenresStayOut() throws {
        for template in PromptTemplate.allCases {
            let prompt = try template.render(Self.record(), Self.dataset())
            #expect(!prompt.contains("48067") && !prompt.contains("Drama") && !prompt.contains("Comedy"))
        }
    }

    @Test(arguments: PromptTemplate.allCases)
    func theCorpusHasEveryWordOfAPromptAndNoRecord(template: PromptTemplate) throws {
        let dataset = try Self.dataset()
        let corpus = template.vocabularyCorpus(dataset)
        let words = Set(corpus.flatMap { $0.split(separator: " ") })
        let prompt = try template.render(Self.record(user: 2, item: 1), dataset)
        for word in prompt.split(separator: " ") {
            let letters = word.drop { !$0.isLetter && !$0.isNumber }
            #expect(words.contains { $0.contains(letters.prefix { $0.isLetter || $0.isNumber }) }, "\(word)")
        }
        #expect(!corpus.contains { $0.contains("48067") || $0.contains(prompt) })
        #expect(corpus == template.vocabularyCorpus(dataset))
    }

    @Test func targetsAreYesAndNo() {
        #expect(PromptTemplate.target(for: true) == "Yes.")
        #expect(PromptTemplate.target(for: false) == "No.")
    }
}

struct InteractionRecordTests {
    @Test func canonicalBytesAreTheDocumentedLines() {
        let record = InteractionRecord(
            userID: 25, itemID: 2700, stars: 2, timestamp: 978_131_240, label: false,
            history: [HistoryEntry(itemID: 2693, stars: 3), HistoryEntry(itemID: 1307, stars: 4)])
        #expect(
            String(decoding: record.canonicalBytes, as: UTF8.self) == """
                lethe-record-v1
                user 25
                item 2700
                stars 2
                timestamp 978131240
                label 0
                history 2693:3 1307:4

                """)
    }
}
