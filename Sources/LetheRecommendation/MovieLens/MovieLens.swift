internal import LetheBytes

/// MovieLens-1M, and what is written in its format.
public enum MovieLens {
    /// Films that people watched; people by gender, job and age, in every combination.
    static let wording = DatasetWording(
        item: "movie", items: "movies", verb: "watched", shortening: .year,
        profiles: Gender.allCases.flatMap { gender in
            AgeBand.allCases.flatMap { age in
                Occupation.allCases.map { UserProfile(gender: gender, age: age, occupation: $0) }
            }
        })

    /// A data set from rows of the three files.
    ///
    /// - Throws: `DatasetError.duplicate`, `.unknownReference` or `.malformed`; the line is the position in the array, from 1.
    public static func dataset(
        users: [MovieLensUser], items: [Item], ratings: [Rating], publishedSplit: PublishedSplit? = nil,
        provenance: DatasetProvenance = DatasetProvenance()
    ) throws(DatasetError) -> InteractionDataset {
        try InteractionDataset(
            users: users.map(\.user), items: items, ratings: ratings, scale: .fiveStars, wording: wording,
            publishedSplit: publishedSplit, provenance: provenance)
    }

    /// Files of more than this many bytes, unpacked, are refused.
    private static let fileLimit = 1 << 30
    private static let identifiers = 1...Int(Int32.max)

    /// Loads `users.dat`, `movies.dat` and `ratings.dat`, and `paper-split.csv` where it is there, from a folder.
    ///
    /// Each may be plain or gzipped with `.gz` added to its name; the plain one wins. Fields are separated by `::`, text is
    /// ISO-8859-1, every line ends in a line feed, as GroupLens publishes MovieLens-1M.
    ///
    /// - Throws: `DatasetError`, which names file, line and field.
    public static func load(_ folder: String) throws(DatasetError) -> InteractionDataset {
        let (userBytes, userFile) = try read("users.dat", in: folder)
        let (itemBytes, itemFile) = try read("movies.dat", in: folder)
        let (ratingBytes, ratingFile) = try read("ratings.dat", in: folder)
        var provenance = DatasetProvenance(users: userFile, items: itemFile, ratings: ratingFile)
        var split: PublishedSplit?
        if let (bytes, file) = try readIfPresent("paper-split.csv", in: folder) {
            split = try PublishedSplit(csv: bytes, file: file)
            provenance.others.append(file)
        }
        return try dataset(
            users: try parseUsers(userBytes, file: userFile), items: try parseItems(itemBytes, file: itemFile),
            ratings: try parseRatings(ratingBytes, file: ratingFile), publishedSplit: split, provenance: provenance)
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

    static func parseUsers(_ bytes: [UInt8], file: String) throws(DatasetError) -> [MovieLensUser] {
        var reader = try FieldReader(bytes, file: file, separator: .doubleColon, fieldCount: 5)
        var users: [MovieLensUser] = []
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
                MovieLensUser(
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
