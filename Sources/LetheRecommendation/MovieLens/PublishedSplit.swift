/// A split that was published row by row, as `paper-split.csv` beside the ratings:
/// `user_id,movie_id,rating,timestamp,split,forgotten,sisa_shard`, in time order.
public struct PublishedSplit: Sendable, Equatable {
    /// The part of the split that a row belongs to.
    public enum Part: String, Sendable, Hashable, CaseIterable {
        /// Written `train`.
        case training = "train"
        /// Written `valid`.
        case validation = "valid"
        /// Written `test`.
        case test = "test"
    }

    /// One row.
    public struct Row: Sendable, Hashable {
        /// The rating itself.
        public let rating: Rating
        /// Where it belongs.
        public let part: Part
        /// True when it is a training record of a user to be forgotten.
        public let isForgotten: Bool
        /// The shard that the paper's code drew for it.
        public let shard: Int

        /// Creates a row.
        public init(rating: Rating, part: Part, isForgotten: Bool, shard: Int) {
            self.rating = rating
            self.part = part
            self.isForgotten = isForgotten
            self.shard = shard
        }
    }

    /// The rows in file order, which is time order.
    public let rows: [Row]

    /// Creates a split from rows.
    public init(rows: [Row]) {
        self.rows = rows
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
