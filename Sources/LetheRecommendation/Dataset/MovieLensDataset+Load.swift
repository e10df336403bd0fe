internal import LetheBytes

extension MovieLensDataset {
    /// Files of more than this many bytes, unpacked, are refused.
    private static let fileLimit = 1 << 30
    private static let identifiers = 1...Int(Int32.max)

    /// Loads `users.dat`, `movies.dat` and `ratings.dat`, and `paper-split.csv` where it is there, from a folder.
    ///
    /// Each may be plain or gzipped with `.gz` added to its name; the plain one wins. Fields are separated by `::`, text is
    /// ISO-8859-1, every line ends in a line feed, as GroupLens publishes MovieLens-1M.
    ///
    /// - Throws: `DatasetError`, which names file, line and field.
    public static func load(_ folder: String) throws(DatasetError) -> MovieLensDataset {
        let (userBytes, userFile) = try read("users.dat", in: folder)
        let (itemBytes, itemFile) = try read("movies.dat", in: folder)
        let (ratingBytes, ratingFile) = try read("ratings.dat", in: folder)
        var split: PublishedSplit?
        if let (bytes, file) = try readIfPresent("paper-split.csv", in: folder) {
            split = try PublishedSplit(csv: bytes, file: file)
        }
        return try MovieLensDataset(
            users: try parseUsers(userBytes, file: userFile), items: try parseItems(itemBytes, file: itemFile),
            ratings: try parseRatings(ratingBytes, file: ratingFile), publishedSplit: split,
            names: DatasetFileNames(users: userFile, items: itemFile, ratings: ratingFile))
    }

    // MARK: - Files

    private static func read(_ name: String, in folder: String) throws(DatasetError) -> ([UInt8], String) {
        guard let found = try readIfPresent(name, in: folder) else { throw .missing(file: name, folder: folder) }
        return found
    }

    /// The unpacked bytes and the name of the file that they came from.
    private static func readIfPresent(_ name: String, in folder: String) throws(DatasetError) -> ([UInt8], String)? {
        for file in [name, name + ".gz"] {
            let path = Files.join(folder, file)
            let bytes: [UInt8]
            do {
                bytes = try Files.read(path, limit: fileLimit)
            } catch .notFound {
                continue
            } catch {
                throw .unreadable(reason: "\(error)", isMachineFailure: error.isMachineFailure)
            }
            if file == name { return (bytes, file) }
            do {
                return (try Gzip.inflate(bytes, limit: fileLimit), file)
            } catch {
                throw .unreadable(reason: "\(path): \(error)", isMachineFailure: false)
            }
        }
        return nil
    }

    // MARK: - Lines

    static func parseUsers(_ bytes: [UInt8], file: String) throws(DatasetError) -> [User] {
        var reader = try FieldReader(bytes, file: file, separator: .doubleColon, fieldCount: 5)
        var users: [User] = []
        while try reader.nextLine() {
            let id = try reader.number("UserID", in: identifiers)
            let genderText = try reader.text("Gender")
            guard let gender = Gender(rawValue: FieldReader.latin1(genderText)) else {
                throw reader.malformed("Gender", expected: "F or M", genderText)
            }
            let ageText = try reader.text("Age")
            guard let age = AgeBand.allCases.first(where: { ageText.elementsEqual("\($0.rawValue)".utf8) }) else {
                throw reader.malformed("Age", expected: "1, 18, 25, 35, 45, 50 or 56", ageText)
            }
            let number = try reader.number("Occupation", in: 0...Occupation.allCases.count - 1)
            let postalCode = try reader.text("Zip-code", isLast: true)
            guard !postalCode.isEmpty else { throw reader.malformed("Zip-code", expected: "a code", postalCode) }
            users.append(
                User(
                    id: id, gender: gender, age: age, occupation: Occupation.allCases[number],
                    postalCode: FieldReader.latin1(postalCode)))
        }
        return users
    }

    static func parseItems(_ bytes: [UInt8], file: String) throws(DatasetError) -> [Item] {
        var reader = try FieldReader(bytes, file: file, separator: .doubleColon, fieldCount: 3)
        var items: [Item] = []
        while try reader.nextLine() {
            let id = try reader.number("MovieID", in: identifiers)
            let title = try reader.text("Title")
            guard !title.isEmpty, !title.contains(where: { $0 < 32 }) else {
                throw reader.malformed("Title", expected: "text without control characters", title)
            }
            let genreText = try reader.text("Genres", isLast: true)
            let genres = genreText.split(separator: UInt8(ascii: "|"), omittingEmptySubsequences: false)
            guard genres.allSatisfy({ !$0.isEmpty }) else {
                throw reader.malformed("Genres", expected: "names separated by |", genreText)
            }
            items.append(
                Item(id: id, title: FieldReader.latin1(title), genres: genres.map { FieldReader.latin1($0) }))
        }
        return items
    }

    static func parseRatings(_ bytes: [UInt8], file: String) throws(DatasetError) -> [Rating] {
        var reader = try FieldReader(bytes, file: file, separator: .doubleColon, fieldCount: 4)
        var ratings: [Rating] = []
        ratings.reserveCapacity(bytes.count / 21)
        while try reader.nextLine() {
            ratings.append(
                Rating(
                    userID: try reader.number("UserID", in: identifiers),
                    itemID: try reader.number("MovieID", in: identifiers),
                    stars: try reader.number("Rating", in: 1...5),
                    timestamp: try reader.number("Timestamp", in: 0...99_999_999_999, isLast: true)))
        }
        return ratings
    }
}

extension PublishedSplit {
    private static let header = "user_id,movie_id,rating,timestamp,split,forgotten,sisa_shard"

    private struct Pair: Hashable {
        let userID: Int
        let itemID: Int
    }

    /// Parses the CSV file. Rows must be in time order, no user may rate an item twice, and a user's training rows are
    /// all forgotten or none.
    init(csv bytes: [UInt8], file: String) throws(DatasetError) {
        var reader = try FieldReader(bytes, file: file, separator: .comma, fieldCount: 7)
        guard try reader.nextLine(), reader.wholeLine.elementsEqual(Self.header.utf8) else {
            throw reader.malformed("header", expected: Self.header, reader.wholeLine[...])
        }
        var rows: [Row] = []
        var lineOfPair: [Pair: Int] = [:]
        var forgottenUsers: [Int: Bool] = [:]
        while try reader.nextLine() {
            let rating = Rating(
                userID: try reader.number("user_id", in: 1...Int(Int32.max)),
                itemID: try reader.number("movie_id", in: 1...Int(Int32.max)),
                stars: try reader.number("rating", in: 1...5),
                timestamp: try reader.number("timestamp", in: 0...99_999_999_999))
            let partText = try reader.text("split")
            guard let part = Part(rawValue: FieldReader.latin1(partText)) else {
                throw reader.malformed("split", expected: "train, valid or test", partText)
            }
            let isForgotten = try reader.number("forgotten", in: 0...1) == 1
            let shard = try reader.number("sisa_shard", in: 0...1023, isLast: true)
            if let last = rows.last, !(last.rating < rating) {
                throw .malformed(
                    file: file, line: reader.line, field: "timestamp",
                    expected: "a row after the one before it by time, user and movie",
                    found: "\(rating.timestamp), \(rating.userID), \(rating.itemID)")
            }
            let pair = Pair(userID: rating.userID, itemID: rating.itemID)
            if let first = lineOfPair.updateValue(reader.line, forKey: pair) {
                throw .duplicate(
                    file: file, line: reader.line, what: "user \(rating.userID) rating movie \(rating.itemID)",
                    firstLine: first)
            }
            let expected = part == .training ? forgottenUsers[rating.userID, default: isForgotten] : false
            if isForgotten != expected {
                throw .malformed(
                    file: file, line: reader.line, field: "forgotten",
                    expected: "\(expected ? 1 : 0), as in the user's other training rows; 0 outside of training",
                    found: "\(isForgotten ? 1 : 0)")
            }
            if part == .training { forgottenUsers[rating.userID] = isForgotten }
            rows.append(Row(rating: rating, part: part, isForgotten: isForgotten, shard: shard))
        }
        self.init(rows: rows)
    }
}
