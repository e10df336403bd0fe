import LetheBytes
public import LetheRecommendation
import LetheRequests

/// A mapping file: how to read a log that Lethe does not know, and how to split it.
///
/// `Documentation/data-sets.md` explains the fields.
public struct DatasetMapping: Sendable, Equatable {
    /// The most bytes that a mapping may have.
    public static let maximumFileSize = 16_384
    /// The version of the format.
    static let formatVersion = 1

    /// The name that reports show.
    public let name: String
    /// What to read from where.
    public let log: InteractionMapping
    /// How to split it: Lethe's protocol, not the paper's.
    public let rules: PaperProtocol
    /// The file's text.
    public let yaml: String

    /// Reads a mapping.
    ///
    /// - Parameter file: the name for messages.
    /// - Throws: `DatasetError.malformed` with line and field.
    public init(yaml bytes: [UInt8], file: String) throws(DatasetError) {
        func refuse(_ expected: String, _ found: String) -> DatasetError {
            .malformed(file: file, line: 1, field: "document", expected: expected, found: found)
        }
        guard bytes.count <= Self.maximumFileSize else {
            throw refuse("at most \(Self.maximumFileSize) bytes", "\(bytes.count)")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw refuse("UTF-8 text", "other bytes") }
        do {
            var root = try PolicySection.root(of: text)
            _ = try root.integer("version", Self.formatVersion...Self.formatVersion)
            name = try root.identifier("name")
            var wording = DatasetWording.books
            let items = try InteractionMapping.Items(root.section("items"), wording: &wording)
            log = InteractionMapping(
                interactions: try .init(root.section("interactions")), items: items,
                users: try root.optionalSection("users").map(InteractionMapping.Users.init), wording: wording)
            rules = try PaperProtocol(mapping: root.optionalSection("protocol"))
            try root.finish()
        } catch {
            throw .malformed(
                file: file, line: error.line ?? 1, field: error.field.isEmpty ? "document" : error.field,
                expected: error.expected, found: error.found)
        }
        yaml = text
    }

    /// Reads the mapping at `path`.
    /// - Throws: `FileError`, `DatasetError`.
    public static func read(_ path: String) throws -> DatasetMapping {
        try DatasetMapping(yaml: Files.read(path, limit: maximumFileSize + 1), file: Files.name(of: path))
    }
}

extension InteractionMapping.Table {
    fileprivate init(_ section: inout PolicySection) throws(PolicyError) {
        enum Kind: String, CaseIterable { case csv, jsonl }
        let file = try section.text("file")
        guard !file.contains("/"), file != "..", file != ".", !file.utf8.contains(0) else {
            throw section.conflict("file", expected: "the name of a file in the data folder", found: "a path")
        }
        let kind: Kind = try section.choice("format")
        switch kind {
        case .jsonl: self.init(file: file, format: .jsonLines)
        case .csv: self.init(file: file, format: .csv(try CSVDialect(section.optionalSection("csv"))))
        }
    }
}

extension CSVDialect {
    fileprivate init(_ section: PolicySection?) throws(PolicyError) {
        self.init()
        guard var section else { return }
        if section.has("delimiter") {
            let text = try section.text("delimiter")
            delimiter = try Self.character(text == "tab" ? "\t" : text, "delimiter", section)
        }
        if section.has("quote") {
            let text = try section.text("quote")
            quote = text == "none" ? nil : try Self.character(text, "quote", section)
        }
        guard delimiter != quote else {
            throw section.conflict("quote", expected: "another character than the delimiter", found: "the same")
        }
        if section.has("header") { hasHeader = try section.flag("header") }
        if section.has("encoding") { encoding = try section.choice("encoding") }
        try section.finish()
    }

    private static func character(
        _ text: String, _ field: String, _ section: PolicySection
    ) throws(PolicyError) -> UInt8 {
        guard text.utf8.count == 1, let byte = text.utf8.first, byte == 9 || (33...126).contains(byte) || byte == 32
        else { throw section.conflict(field, expected: "one ASCII character", found: "\"\(text.prefix(20))\"") }
        return byte
    }
}

extension InteractionMapping.Interactions {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        let table = try InteractionMapping.Table(&section)
        let user = try section.text("user")
        let item = try section.text("item")
        let rating = try section.optionalSection("rating")
        let label = try section.optionalSection("label")
        let opinion: InteractionMapping.Opinion
        switch (rating, label) {
        case (let rating?, nil): opinion = try .init(rating: rating)
        case (nil, let label?): opinion = try .init(label: label)
        default:
            throw section.conflict(
                "rating", expected: "either rating or label", found: rating == nil ? "neither" : "both")
        }
        var time = try section.section("time")
        let when: InteractionMapping.Time
        if time.has("field") {
            when = .field(try time.text("field"), try time.choice("format"))
        } else {
            enum Order: String, CaseIterable { case rows }
            let _: Order = try time.choice("order")
            when = .rowOrder
        }
        let isSorted = time.has("sorted") ? try time.flag("sorted") : false
        try time.finish()
        let repeats: InteractionMapping.Repeats = section.has("repeats") ? try section.choice("repeats") : .refuse
        try section.finish()
        self.init(
            table: table, user: user, item: item, opinion: opinion, time: when, isSorted: isSorted, repeats: repeats)
    }
}

extension InteractionMapping.Opinion {
    fileprivate init(rating section: PolicySection) throws(PolicyError) {
        var section = section
        let field = try section.text("field")
        let low = try Self.thousandths("from", &section)
        let high = try Self.thousandths("to", &section)
        let step = section.has("step") ? try Self.thousandths("step", &section) : 1000
        let liked = try Self.thousandths("likedAbove", &section)
        let unit = section.has("unit") ? try section.text("unit") : "star"
        let units = section.has("units") ? try section.text("units") : "\(unit)s"
        let unrated = section.has("unrated") ? try section.texts("unrated") : []
        guard step > 0, low <= high, low % step == 0, high % step == 0 else {
            throw section.conflict(
                "step", expected: "from and to as multiples of a positive step, from not above to", found: "others")
        }
        guard liked >= low, liked < high, liked % step == 0,
            let scale = RatingScale(
                steps: low / step...high / step, stepThousandths: step, likedAbove: liked / step,
                reading: .units(one: unit, many: units))
        else {
            throw section.conflict(
                "likedAbove", expected: "a rating from from to below to, at most 100000 steps", found: "another number")
        }
        try section.finish()
        self = .rating(field: field, scale: scale, unrated: unrated)
    }

    private static func thousandths(_ field: String, _ section: inout PolicySection) throws(PolicyError) -> Int {
        let text = try section.text(field)
        guard let value = RatingScale.thousandths(text) else {
            throw section.conflict(
                field, expected: "a number from 0 on with at most three decimals", found: "\"\(text.prefix(20))\"")
        }
        return value
    }

    fileprivate init(label section: PolicySection) throws(PolicyError) {
        var section = section
        let field = try section.text("field")
        let liked = try section.texts("liked")
        let disliked = try section.texts("disliked")
        guard Set(liked).isDisjoint(with: disliked) else {
            throw section.conflict("disliked", expected: "other values than those of liked", found: "one of them")
        }
        let scale = RatingScale.liking(
            section.has("likedWord") ? try section.text("likedWord") : "liked",
            section.has("dislikedWord") ? try section.text("dislikedWord") : "disliked")
        try section.finish()
        self = .label(field: field, liked: liked, disliked: disliked, words: scale)
    }
}

extension InteractionMapping.Items {
    fileprivate init(_ section: PolicySection, wording: inout DatasetWording) throws(PolicyError) {
        var section = section
        let table = try InteractionMapping.Table(&section)
        let id = try section.text("id")
        let title = try section.text("title")
        let creator = section.has("creator") ? try section.text("creator") : nil
        let unknown: InteractionMapping.UnknownItems =
            section.has("unknown") ? try section.choice("unknown") : .refuse
        var words = try section.section("wording")
        wording = DatasetWording(
            item: try words.text("item", limit: 40), items: try words.text("items", limit: 40),
            verb: try words.text("verb", limit: 40),
            shortening: words.has("compactDrops") ? try words.choice("compactDrops") : .none)
        try words.finish()
        try section.finish()
        self.init(table: table, id: id, title: title, creator: creator, unknown: unknown)
    }
}

extension InteractionMapping.Users {
    fileprivate init(_ section: PolicySection) throws(PolicyError) {
        var section = section
        let table = try InteractionMapping.Table(&section)
        let id = try section.text("id")
        var fields: [Field] = []
        for entry in try section.sections("fields") {
            var entry = entry
            let name = try entry.text("field")
            let sentence = try entry.text("sentence")
            guard sentence.contains("{}") else {
                throw entry.conflict("sentence", expected: "a sentence with {} for the value", found: "none")
            }
            fields.append(Field(name: name, sentence: sentence, values: try entry.textsByText("values")))
            try entry.finish()
        }
        var pronouns: InteractionMapping.PronounField?
        if var entry = try section.optionalSection("pronouns") {
            pronouns = .init(
                name: try entry.text("field"), she: entry.has("she") ? try entry.texts("she") : [],
                he: entry.has("he") ? try entry.texts("he") : [])
            try entry.finish()
        }
        try section.finish()
        self.init(table: table, id: id, fields: fields, pronouns: pronouns)
    }
}

extension PaperProtocol {
    /// The rules for a mapped log: the paper's but for what the mapping says.
    fileprivate init(mapping section: PolicySection?) throws(PolicyError) {
        self.init()
        pretrainingLimit = 40_000
        guard var section else { return }
        historyMinimum = try section.integer("historyMinimum", 0...1000, missing: historyMinimum)
        historyLimit = try section.integer("historyLimit", 1...100, missing: historyLimit)
        windowLimit = try section.integer("windowLimit", 5...10_000_000, missing: windowLimit)
        let share = try section.integer("windowPercent", 1...100, missing: 20)
        outerRatio = Ratio(100 - share, share, 0)
        forgetting = .fraction(Double(try section.integer("forgetPercent", 0...90, missing: 20)) / 100)
        pretrainingLimit = try section.integer("pretrainingLimit", 1...1_000_000, missing: pretrainingLimit)
        try section.finish()
    }
}
