import Foundation
import LetheBytes
import LetheRecommendation
import Testing

/// Every way in which a log can be bad: an error with file and line, or a count in the provenance.
struct BadLogTests {
    private typealias Files = GoodReadsTests

    private static func complaint(_ files: [String: [UInt8]]) throws -> String {
        try withFolder(files) { folder in
            let error = try #require(throws: DatasetError.self) { try GoodReads.load(folder) }
            #expect(!"\(error)".contains("\n"))
            return "\(error)".replacing(folder + "/", with: "")
        }
    }

    @Test(arguments: [
        ("", "ratings.csv is empty"), ("user_id,book_id,rating\n", "ratings.csv is empty"),
        ("user_id,book_id,rating\n7,1\n", "ratings.csv, line 2, row: expected 3 fields, found 2"),
        ("user_id,book_id,rating\n7,1,5,9\n", "ratings.csv, line 2, row: expected 3 fields, found 4"),
        ("user_id,book_id,rating\n7,1,5\n8,31,2\n", "ratings.csv, line 3: book \"31\" is not in the books file"),
        ("user_id,book_id,rating\n7,1,9\n", "ratings.csv, line 2, rating: expected a rating from 1 to 5, found \"9\""),
        ("user_id,book_id,rating\n7,1,0\n", "ratings.csv, line 2, rating: expected a rating from 1 to 5, found \"0\""),
        (
            "user_id,book_id,rating\n7,1,4.5\n",
            "ratings.csv, line 2, rating: expected a rating from 1 to 5, found \"4.5\""
        ),
        (
            "user_id,book_id,rating\n7,1,-1\n",
            "ratings.csv, line 2, rating: expected a rating from 1 to 5, found \"-1\""
        ),
        (
            "user_id,book_id,rating\n7,1,99999999999999999999999999\n",
            "ratings.csv, line 2, rating: expected a rating from 1 to 5, found \"99999999999999999999999999\""
        ),
        ("user_id,book_id,rating\n7,1,\n", "ratings.csv, line 2, rating: expected a rating from 1 to 5, found \"\""),
        (
            "user_id,book_id,rating\n7,1,5\n7,2,4\n7,1,3\n",
            "ratings.csv, line 4: this user's interaction with this item is already in line 2"
        ),
        (
            "user_id,book_id,stars\n7,1,5\n",
            "ratings.csv, line 1, header: expected a column \"rating\", found book_id, stars, user_id"
        ),
        (
            "user_id,rating,book_id,rating\n7,1,1,5\n",
            "ratings.csv, line 1, header: expected every column once, found \"rating\" as columns 2 and 4"
        ),
        (
            "user_id,book_id,rating\n7,1,5\n7,2\0,4\n",
            "ratings.csv, line 3, row: expected text without NUL bytes, found one"
        ),
        (
            "user_id,book_id,rating\n7,1,\"5\n8,2,4\n",
            "ratings.csv, line 2, row: expected the closing quote of a field, found the end of the file"
        ),
        (
            "user_id,book_id,rating\n7,\"1\"x,5\n",
            "ratings.csv, line 2, row: expected a delimiter after a closing quote, found other text"
        ),
        (
            "user_id,book_id,rating\n7,1\"1,5\n",
            "ratings.csv, line 2, row: expected quotes only around a whole field, found one inside field 2"
        ),
        (
            "user_id,book_id,rating\n,1,5\n",
            "ratings.csv, line 2, user_id: expected a name of 1 to 256 bytes without control characters, found 0 bytes"
        ),
        (
            "user_id,book_id,rating\n7,\t1,5\n",
            "ratings.csv, line 2, book_id: expected a name of 1 to 256 bytes without control characters, found \"?1\""
        ),
    ])
    func badRatingsAreClearErrors(text: String, expected: String) throws {
        #expect(try Self.complaint(Files.goodbooks(ratings: text)) == expected)
        let zipped = try Self.complaint([
            "ratings.csv.gz": gzipped(Array(text.utf8)), "books.csv": Array(Files.books.utf8),
        ])
        #expect(zipped == expected.replacing("ratings.csv", with: "ratings.csv.gz"))
    }

    @Test func invalidUTF8IsAnErrorWithItsLine() throws {
        var files = Files.goodbooks()
        files["ratings.csv"] = Array("user_id,book_id,rating\n7,1,5\n8,".utf8) + [0xc3, 0x28] + Array(",3\n".utf8)
        #expect(try Self.complaint(files) == "ratings.csv, line 3, book_id: expected UTF-8 text, found other bytes")
        files = Files.bookGraph()
        files["goodreads_books_moss.json"] = Array(#"{"book_id": "1", "title": ""#.utf8) + [0xff] + Array("\"}\n".utf8)
        #expect(
            try Self.complaint(files).hasPrefix(
                "goodreads_books_moss.json, line 1, row: expected one JSON object on a line, found JSON at byte 27"))
    }

    @Test func truncatedGzipIsAnErrorAtItsLine() throws {
        let whole = gzipped(Array((Files.ratings + String(repeating: "x", count: 70_000)).utf8))
        let books = Array(Files.books.utf8)
        #expect(
            try Self.complaint(["ratings.csv.gz": Array(whole.prefix(12)), "books.csv": books])
                == "ratings.csv.gz, line 1: gzip data is truncated")
        let cut = try Self.complaint(["ratings.csv.gz": Array(whole.prefix(60_000)), "books.csv": books])
        #expect(cut == "ratings.csv.gz, line 5: gzip data is truncated")
        var damaged = whole
        damaged[damaged.count - 6] ^= 1
        let corrupt = try Self.complaint(["ratings.csv.gz": damaged, "books.csv": books])
        #expect(corrupt == "ratings.csv.gz, line 1: gzip data is corrupt (incorrect data check)")
    }

    /// A file of ten billion bytes on one line that takes no space on the disk: its bytes are a hole.
    @Test(arguments: ["ratings.csv", "books.csv", "goodreads_interactions_moss.json", "goodreads_books_moss.json"])
    func aLineOfTenGigabytesIsAnErrorAfterItsFirstMegabyte(name: String) throws {
        let files = name.hasSuffix(".csv") ? Files.goodbooks() : Files.bookGraph()
        try withFolder(files) { folder in
            let path = folder + "/" + name
            let size = try #require(files[name]).count
            let handle = try #require(FileHandle(forWritingAtPath: path))
            try handle.truncate(atOffset: 10_000_000_000)
            try handle.close()
            let error = try #require(throws: DatasetError.self) { try GoodReads.load(folder) }
            let lines = try #require(files[name]).prefix(size).count { $0 == 10 }
            #expect("\(error)" == "\(path), line \(lines + 1) is longer than 1048576 bytes")
        }
    }

    @Test func aLongLineInsideGzipIsTheSameError() throws {
        let text = Array((Files.ratings + String(repeating: "7", count: 3 << 20)).utf8)
        let found = try Self.complaint(["ratings.csv.gz": gzipped(text), "books.csv": Array(Files.books.utf8)])
        #expect(found == "ratings.csv.gz, line 5 is longer than 1048576 bytes")
    }

    @Test func quotesThatNeverCloseStopAfterAMegabyte() throws {
        let text = "user_id,book_id,rating\n7,1,\"" + String(repeating: "y\n", count: 1 << 20)
        #expect(
            try Self.complaint(Files.goodbooks(ratings: text))
                == "ratings.csv, line 2, row: expected a row of at most 1048576 bytes, found more, inside quotes")
    }

    @Test func byteOrderMarksReturnsAndEmptyLinesDoNotMatter() throws {
        let plain = try withFolder(Files.goodbooks()) { try GoodReads.load($0) }
        let text = "\u{FEFF}" + Files.ratings.replacing("\n", with: "\r\n") + "\r\n"
        let books = "\u{FEFF}" + Files.books.replacing("\n", with: "\r\n")
        let other = try withFolder(Files.goodbooks(ratings: text, books: books)) { try GoodReads.load($0) }
        #expect(plain.ratings == other.ratings && plain.items == other.items)
        #expect(other.provenance.omissions.map { "\($0.reason) \($0.rows) \($0.firstLine)" } == ["empty line 1 5"])
        var graph = Files.bookGraph()
        graph["goodreads_interactions_moss.json"] =
            [0xef, 0xbb, 0xbf] + Array(Files.interactions.joined(separator: "\r\n\r\n").utf8)
        let lines = try withFolder(graph) { try GoodReads.load($0) }
        #expect(lines.ratings.count == 3 && lines.provenance.omissions.map(\.reason) == ["not rated", "empty line"])
        #expect(lines.provenance.omissions[1].rows == 3 && lines.provenance.omissions[1].firstLine == 2)
    }

    @Test func lineEndsInsideQuotesArePartOfTheField() throws {
        let books = "book_id,authors,title\n1,Ada,\"The Salt\nClock, a\r\nNovel\"\n2,,Ash\n30,\"\",Lanterns\n"
        let dataset = try withFolder(Files.goodbooks(books: books)) { try GoodReads.load($0) }
        #expect(dataset.items.map(\.title) == ["The Salt Clock, a Novel", "Ash", "Lanterns"])
        #expect(dataset.items.map(\.creator) == ["Ada", nil, nil])
        // The line of a later error counts the lines inside the quotes.
        #expect(
            try Self.complaint(Files.goodbooks(books: books + "4,x\n"))
                == "books.csv, line 7, row: expected 3 fields, found 2")
    }

    @Test(arguments: [
        ("{\"user_id\": \"ab\"", "row: expected one JSON object on a line, found JSON ends early: expected ',' or '}'"),
        ("[1]", "row: expected one JSON object on a line, found another value"),
        ("{}", "date_added: expected a value, found none"),
        (
            GoodReadsTests.interaction("ab", "10", 9, "Fri Apr 19 08:15:15 -0700 2013"),
            "rating: expected a rating from 1 to 5, found \"9\""
        ),
        (
            GoodReadsTests.interaction("ab", "10", 5, "Thu Apr 19 08:15:15 -0700 2013"),
            "date_added: expected a time such as Fri Apr 19 08:15:15 -0700 2013, from 1970 on, found "
                + "\"Thu Apr 19 08:15:15 -0700 2013\""
        ),
        (
            GoodReadsTests.interaction("ab", "10", 5, "Wed Apr 19 08:15:15 -0700 1950"),
            "date_added: expected a time such as Fri Apr 19 08:15:15 -0700 2013, from 1970 on, found "
                + "\"Wed Apr 19 08:15:15 -0700 1950\""
        ),
        (
            GoodReadsTests.interaction("ab", "10", 5, "Fri Apr 19 08:15:15 -0700 2013").replacing(
                "\"10\"", with: "[10]"),
            "book_id: expected text, a number, true or false, found a list or an object"
        ),
        (
            GoodReadsTests.interaction("ab", "10", 5, "").replacing("rating", with: "user_id"),
            "row: expected one JSON object on a line, found JSON at byte 0"
        ),
    ])
    func badJSONLinesAreClearErrors(line: String, expected: String) throws {
        let found = try Self.complaint(Files.bookGraph([Files.interactions[0], line]))
        if expected.hasSuffix("byte 0") {
            #expect(found.contains("stands twice in one object"))
        } else {
            #expect(found == "goodreads_interactions_moss.json, line 2, \(expected)")
        }
    }

    @Test func truncatedJSONLinesAreErrors() throws {
        let whole = Files.lines(Files.interactions)
        let last = Files.lines([Files.interactions[3]]).count
        for length in (whole.count - last + 1)..<(whole.count - 1) {
            var files = Files.bookGraph()
            files["goodreads_interactions_moss.json"] = Array(whole.prefix(length))
            #expect(
                try Self.complaint(files).hasPrefix("goodreads_interactions_moss.json, line 4, row: expected one JSON"))
        }
    }

    @Test func namesOfUsersAreNotRepeatedInErrors() throws {
        let user = "jo@example.org"
        for row in ["\(user),1,9", "\(user),31,5", "\(user),1", "\(user),1,5\n\(user),1,5", "\(user)\t,1,5"] {
            let text = "user_id,book_id,rating\n\(row)\n"
            #expect(!(try Self.complaint(Files.goodbooks(ratings: text)).contains("jo@")))
        }
    }
}
