import LetheBytes
import LetheRecommendation
import Testing

struct LoaderTests {
    static let users = "1::F::1::10::48067\n2::M::56::16::70072-1234\n"
    static let movies = "1::Tall Story (1995)::Comedy|Children's\n2::Mis\u{e9}rables, The: A Tale (1998)::Drama\n"
    static let ratings = "1::1::5::978300760\n1::2::3::978302109\n2::2::1::956715569\n"

    static func files(
        users: String = users, movies: String = movies, ratings: String = ratings
    ) -> [String: [UInt8]] {
        ["users.dat": latin1(users), "movies.dat": latin1(movies), "ratings.dat": latin1(ratings)]
    }

    static func latin1(_ text: String) -> [UInt8] { text.unicodeScalars.map { UInt8($0.value) } }

    @Test func filesAreRead() throws {
        let dataset = try withFolder(Self.files()) { try MovieLens.load($0) }
        #expect(dataset.users.count == 2)
        #expect(
            dataset.user(2)
                == MovieLensUser(
                    id: 2, gender: .male, age: .from56, occupation: .selfEmployed, postalCode: "70072-1234"
                ).user)
        #expect(
            dataset.item(1) == Item(id: 1, title: "Tall Story (1995)", genres: ["Comedy", "Children's"]))
        #expect(dataset.item(2)?.title == "Mis\u{e9}rables, The: A Tale (1998)")
        #expect(dataset.ratings[2] == Rating(userID: 2, itemID: 2, stars: 1, timestamp: 956_715_569))
        #expect(dataset.user(3) == nil && dataset.item(0) == nil)
        #expect(dataset.publishedSplit == nil)
    }

    /// One line per way to be wrong: the file, its new text, the complaint.
    @Test(arguments: [
        ("users.dat", "1::F::1::10\n", "users.dat, line 1, Occupation: expected 5 fields separated by ::, found 4"),
        ("users.dat", "1::F\n", "users.dat, line 1, Gender: expected 5 fields separated by ::, found 2"),
        (
            "users.dat", "1::F::1::10::4::x\n",
            "users.dat, line 1, Zip-code: expected 5 fields separated by ::, found 6"
        ),
        ("users.dat", "1::X::1::10::48067\n", "users.dat, line 1, Gender: expected F or M, found \"X\""),
        (
            "users.dat", "1::F::2::10::48067\n",
            "users.dat, line 1, Age: expected 1, 18, 25, 35, 45, 50 or 56, found \"2\""
        ),
        (
            "users.dat", "1::F::1::21::48067\n",
            "users.dat, line 1, Occupation: expected a whole number from 0 to 20, found \"21\""
        ),
        ("users.dat", "1::F::1::10::\n", "users.dat, line 1, Zip-code: expected a code, found \"\""),
        (
            "users.dat", "01::F::1::10::48067\n",
            "users.dat, line 1, UserID: expected a whole number from 1 to 2147483647, found \"01\""
        ),
        ("users.dat", users + "1::M::1::10::48067\n", "users.dat, line 3: user 1 is already in line 1"),
        (
            "users.dat", users + "3::M::1::10::48067",
            "users.dat, line 3: the file ends inside this line, it was cut off"
        ),
        ("users.dat", "", "users.dat is empty"),
        ("movies.dat", "", "movies.dat is empty"),
        (
            "movies.dat", "1::::Drama\n",
            "movies.dat, line 1, Title: expected text without control characters, found \"\""
        ),
        (
            "movies.dat", "1::A\tB::Drama\n",
            "movies.dat, line 1, Title: expected text without control characters, found \"A?B\""
        ),
        ("movies.dat", "1::A (1990)::\n", "movies.dat, line 1, Genres: expected names separated by |, found \"\""),
        (
            "movies.dat", "1::A (1990)::Drama||War\n",
            "movies.dat, line 1, Genres: expected names separated by |, found \"Drama||War\""
        ),
        ("movies.dat", "1::A (1990)\n", "movies.dat, line 1, Title: expected 3 fields separated by ::, found 2"),
        ("ratings.dat", "", "ratings.dat is empty"),
        (
            "ratings.dat", "1::1::5::9\n\n",
            "ratings.dat, line 2, UserID: expected 4 fields separated by ::, found 1"
        ),
        (
            "ratings.dat", "1::1::6::9\n",
            "ratings.dat, line 1, Rating: expected a whole number from 1 to 5, found \"6\""
        ),
        (
            "ratings.dat", "1::1::3.5::9\n",
            "ratings.dat, line 1, Rating: expected a whole number from 1 to 5, found \"3.5\""
        ),
        (
            "ratings.dat", "1::1::5::9\r\n",
            "ratings.dat, line 1, Timestamp: expected a whole number from 0 to 99999999999, found \"9?\""
        ),
        (
            "ratings.dat", "1::1::5::99999999999999999999999\n",
            "ratings.dat, line 1, Timestamp: expected a whole number from 0 to 99999999999, found \"99999999999999999999999\""
        ),
        (
            "ratings.dat", "-1::1::5::9\n",
            "ratings.dat, line 1, UserID: expected a whole number from 1 to 2147483647, found \"-1\""
        ),
        ("ratings.dat", "1::1::5::9\n3::1::5::9\n", "ratings.dat, line 2: user 3 is not in the users file"),
        ("ratings.dat", "1::1::5::9\n1::7::5::9\n", "ratings.dat, line 2: movie 7 is not in the movies file"),
        (
            "ratings.dat", "1::1::5::9\n1::2::5::9\n1::1::4::10\n",
            "ratings.dat, line 3: user 1 rating movie 1 is already in line 1"
        ),
        (
            "ratings.dat", "1::1::5::978300760\n1::2::3::97830",
            "ratings.dat, line 2: the file ends inside this line, it was cut off"
        ),
    ])
    func malformedFilesAreClearErrors(file: String, text: String, complaint: String) throws {
        var files = Self.files()
        files[file] = Self.latin1(text)
        try withFolder(files) { folder in
            let error = try #require(throws: DatasetError.self) { try MovieLens.load(folder) }
            #expect("\(error)" == complaint)
        }
    }

    @Test func everyTruncationOfAFileIsAnErrorOrWholeLines() throws {
        let bytes = Self.latin1(Self.ratings)
        for length in 0..<bytes.count {
            var files = Self.files()
            files["ratings.dat"] = Array(bytes[..<length])
            try withFolder(files) { folder in
                if length > 0 && bytes[length - 1] == 10 {
                    #expect(throws: Never.self) { try MovieLens.load(folder) }
                } else {
                    #expect(throws: DatasetError.self) { try MovieLens.load(folder) }
                }
            }
        }
    }

    @Test func missingFilesAreNamed() throws {
        try withFolder(["users.dat": Self.latin1(Self.users)]) { folder in
            #expect(throws: DatasetError.missing(file: "movies.dat", folder: folder)) {
                try MovieLens.load(folder)
            }
        }
        #expect(throws: DatasetError.missing(file: "users.dat", folder: "/nowhere/at/all")) {
            try MovieLens.load("/nowhere/at/all")
        }
    }

    @Test func brokenGzipIsAnError() throws {
        var files = Self.files()
        files["ratings.dat"] = nil
        files["ratings.dat.gz"] = [0x1f, 0x8b, 8, 0]
        try withFolder(files) { folder in
            let error = try #require(throws: DatasetError.self) { try MovieLens.load(folder) }
            guard case .unreadable(let reason, false) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(reason.hasSuffix("ratings.dat.gz: gzip data is truncated"))
        }
    }

    @Test(arguments: [
        ("x\n", "header: expected user_id"),
        ("HEADER1,2,3,4,train,0\n", "expected 7 fields separated by commas, found 6"),
        ("HEADER1,1,5,978300760,later,0,1\n", "split: expected train, valid or test, found \"later\""),
        ("HEADER1,1,5,978300760,train,2,1\n", "forgotten: expected a whole number from 0 to 1"),
        (
            "HEADER1,1,5,978300760,train,0,1\n1,2,3,978300759,train,0,1\n",
            "line 3, timestamp: expected a row after the one before it by time, user and movie"
        ),
        (
            "HEADER1,1,5,978300760,train,0,1\n1,2,3,978302109,train,1,1\n",
            "line 3, forgotten: expected 0, as in the user's other training rows"
        ),
        ("HEADER1,1,5,978300760,valid,1,1\n", "line 2, forgotten: expected 0"),
        (
            "HEADER1,1,5,978300760,train,0,1\n1,1,5,978300770,train,0,1\n",
            "line 3: user 1 rating movie 1 is already in line 2"
        ),
    ])
    func malformedSplitsAreClearErrors(text: String, complaint: String) throws {
        let header = "user_id,movie_id,rating,timestamp,split,forgotten,sisa_shard\n"
        let whole = text.hasPrefix("HEADER") ? header + text.dropFirst(6) : text
        var files = Self.files()
        files["paper-split.csv"] = Self.latin1(whole)
        try withFolder(files) { folder in
            let error = try #require(throws: DatasetError.self) { try MovieLens.load(folder) }
            #expect("\(error)".hasPrefix("paper-split.csv, line "))
            #expect("\(error)".contains(complaint), "\(error)")
        }
    }
}
