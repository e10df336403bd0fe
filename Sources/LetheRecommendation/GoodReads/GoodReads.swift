internal import LetheBytes

/// GoodReads in the two formats in which it can be had.
///
/// The paper does not say which data it took nor how they were split. What `GoodReads` and `PaperProtocol.goodReads` do is ours
/// (METHODS.md 2.2), and whatever is reported of it must say so.
public enum GoodReads {
    /// The formats.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// `ratings.csv` and `books.csv` of goodbooks-10k; the order of rows is time.
        case goodbooks = "goodbooks-10k"
        /// `goodreads_interactions*.json`, `goodreads_books*.json` and, where it is there, `goodreads_book_authors.json` of the
        /// UCSD Book Graph, one JSON object a line.
        case bookGraph = "UCSD Book Graph"
    }

    /// Loads whichever format is in `folder`; files may be plain or gzipped.
    ///
    /// - Throws: `DatasetError`, also where files of both formats or of several genres are there.
    public static func load(_ folder: String) throws(DatasetError) -> InteractionDataset {
        try mapping(for: folder).mapping.load(from: folder)
    }

    /// The format in `folder`, with its files as a mapping.
    ///
    /// - Throws: `DatasetError`, where there is none or more than one.
    public static func mapping(
        for folder: String
    ) throws(DatasetError) -> (format: Format, mapping: InteractionMapping) {
        let names: [String]
        do {
            names = try Files.names(in: folder)
        } catch {
            throw .unreadable(reason: "\(error)", isMachineFailure: error.isMachineFailure)
        }
        let interactions = try single("goodreads_interactions", in: names, folder: folder)
        let hasRatings = names.contains { $0 == "ratings.csv" || $0 == "ratings.csv.gz" }
        guard let interactions else {
            guard hasRatings else {
                throw .unreadable(
                    reason:
                        "\(folder): neither ratings.csv nor goodreads_interactions*.json is there, plain or gzipped",
                    isMachineFailure: false)
            }
            return (.goodbooks, goodbooks)
        }
        guard !hasRatings else {
            throw .unreadable(
                reason: "\(folder): both ratings.csv and \(interactions) are there; keep one of them",
                isMachineFailure: false)
        }
        guard let books = try single("goodreads_books", in: names, folder: folder) else {
            throw .missing(file: "goodreads_books*.json", folder: folder)
        }
        let authors = try single("goodreads_book_authors", in: names, folder: folder)
        return (.bookGraph, bookGraph(interactions: interactions, books: books, authors: authors))
    }

    /// goodbooks-10k: one row a rating, oldest first, and the titles and authors of ten thousand books.
    static let goodbooks = InteractionMapping(
        interactions: .init(
            table: .init(file: "ratings.csv", format: .csv(CSVDialect())), user: "user_id", item: "book_id",
            opinion: .rating(field: "rating", scale: .fiveStars), time: .rowOrder),
        items: .init(
            table: .init(file: "books.csv", format: .csv(CSVDialect())), id: "book_id", title: "title",
            creator: "authors"),
        wording: .books)

    /// The Book Graph: shelvings, of which a rating of 0 means "not rated"; titles; names of authors by number.
    ///
    /// The two files were crawled apart: an interaction with a book that has no title there is left out and counted. So is a
    /// second shelving of the same book.
    static func bookGraph(interactions: String, books: String, authors: String?) -> InteractionMapping {
        InteractionMapping(
            interactions: .init(
                table: .init(file: interactions, format: .jsonLines), user: "user_id", item: "book_id",
                opinion: .rating(field: "rating", scale: .fiveStars, unrated: ["0"]),
                time: .field("date_added", .goodreads), repeats: .first),
            items: .init(
                table: .init(file: books, format: .jsonLines), id: "book_id", title: "title",
                creator: authors == nil ? nil : "authors.0.author_id",
                creators: authors.map {
                    .init(table: .init(file: $0, format: .jsonLines), id: "author_id", name: "name")
                }, unknown: .skip),
            wording: .books)
    }

    /// The one file whose name begins like this and ends in `.json` or `.json.gz`.
    private static func single(
        _ prefix: String, in names: [String], folder: String
    ) throws(DatasetError) -> String? {
        let found = names.filter { $0.hasPrefix(prefix) && ($0.hasSuffix(".json") || $0.hasSuffix(".json.gz")) }
        guard found.count < 2 else {
            throw .unreadable(
                reason: "\(folder): \(found.joined(separator: ", ")) are there; keep one of them",
                isMachineFailure: false)
        }
        return found.first
    }
}

extension PaperProtocol {
    /// Our protocol for GoodReads, not the paper's, which nobody knows: ratings above 3 are liked, history of at least 5 of which
    /// the newest 10 are told, the last 100,000 records cut 60:20:20 by time, a fifth of the training users to be forgotten.
    ///
    /// Where there are fewer than 125,000 records, the oldest fifth of them stays out of the window, for pretraining.
    public static var goodReads: PaperProtocol {
        var rules = PaperProtocol()
        rules.outerRatio = Ratio(2, 4, 4)
        return rules
    }
}
