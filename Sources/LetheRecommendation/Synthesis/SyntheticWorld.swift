internal import LetheTensor

/// Everybody and everything that `DataSynthesizer` invents.
struct SyntheticWorld {
    private struct Person {
        var id: Int
        var gender: Gender
        var age: AgeBand
        var occupation: Occupation
        var postalCode: String
        var factors: [Double]
        /// Added to every score of a popular film.
        var leniency: Double
        /// The number of ratings.
        var count: Int
        /// Series followed; empty for early users.
        var series: [Int] = []
        /// For each series followed, whether it is loved.
        var loves: [Bool] = []
        /// When the person is active, in seconds.
        var activity: ClosedRange<Int>
        /// The number of visits in which the ratings are given.
        var visits: Int
    }

    let items: [Item]
    private let configuration: SynthesisConfiguration
    private var generator: SeededGenerator
    private var people: [Person] = []
    /// Of each popular film, its place in `items`, its genre and its worth.
    private var popular: [(item: Int, genre: Int, worth: Double)] = []
    /// Running sums of popularity.
    private var popularity: [Double] = []
    /// For each series, the places of its films in `items`.
    private var seriesItems: [[Int]] = []
    /// How each genre lies in the space of tastes.
    private var genreFactors: [[Double]] = []
    /// How each gender and age lean to each genre.
    private var groupTastes: [[Double]] = []
    private var seriesWorth: [Bool] = []

    init(_ configuration: SynthesisConfiguration, seed: UInt64) {
        self.configuration = configuration
        var generator = SeededGenerator(seed: seed)
        var titles: [(title: String, genres: [String])] = []

        // Popular films: a worth for every word, films in random order of popularity.
        var combinations: [(genre: Int, adjective: Int, noun: Int)] = []
        for (genre, words) in Words.genres.enumerated() {
            for adjective in words.adjectives.indices {
                for noun in words.nouns.indices { combinations.append((genre, adjective, noun)) }
            }
        }
        Self.shuffle(&combinations, &generator)
        let half = configuration.worthDeviation * 0.7071067811865476
        let adjectiveWorth = Words.genres.map { $0.adjectives.map { _ in half * generator.nextNormal() } }
        let nounWorth = Words.genres.map { $0.nouns.map { _ in half * generator.nextNormal() } }
        for film in combinations.prefix(configuration.popularFilms) {
            let words = Words.genres[film.genre]
            var genres = [words.name]
            if Self.index(below: 3, &generator) == 0 {
                let second = Words.genres[Self.index(below: Words.genres.count, &generator)].name
                if second != words.name { genres = [words.name, second].sorted() }
            }
            let year = 1950 + Self.index(below: 49, &generator)
            popular.append(
                (
                    titles.count, film.genre,
                    adjectiveWorth[film.genre][film.adjective] + nounWorth[film.genre][film.noun]
                ))
            titles.append(("\(words.adjectives[film.adjective]) \(words.nouns[film.noun]) (\(year))", genres))
        }
        var sum = 0.0
        for rank in 0..<popular.count {
            sum += 1 / Double(rank + 5)
            popularity.append(sum)
        }

        // Series: invented names, newer films.
        var names = Array(0..<Words.seriesNames)
        Self.shuffle(&names, &generator)
        for name in names.prefix(configuration.seriesCount) {
            let (onset, rest) = name.quotientAndRemainder(dividingBy: Words.middles.count * Words.codas.count)
            let (middle, coda) = rest.quotientAndRemainder(dividingBy: Words.codas.count)
            let text = Words.onsets[onset] + Words.middles[middle] + Words.codas[coda]
            let genre = Words.genres[Self.index(below: Words.genres.count, &generator)].name
            var films: [Int] = []
            for film in 0..<configuration.filmsPerSeries {
                films.append(titles.count)
                titles.append(("\(Words.seriesTitle(text, film: film)) (\(1999 + film))", [genre]))
            }
            seriesItems.append(films)
            seriesWorth.append(generator.nextUniform() < 0.5)
        }

        // Numbers are given in random order, so that they tell nothing.
        var ids = Array(1...titles.count)
        Self.shuffle(&ids, &generator)
        items = zip(ids, titles).map { Item(id: $0, title: $1.title, genres: $1.genres) }.sorted { $0.id < $1.id }
        let place = ids.map { $0 - 1 }
        for film in popular.indices { popular[film].item = place[popular[film].item] }
        seriesItems = seriesItems.map { $0.map { place[$0] } }

        let scale = configuration.tasteDeviation / Double(configuration.factors).squareRoot()
        genreFactors = Words.genres.map { _ in (0..<configuration.factors).map { _ in scale * generator.nextNormal() } }
        groupTastes = (0..<(Gender.allCases.count * AgeBand.allCases.count)).map { _ in
            Words.genres.map { _ in configuration.tasteDeviation * generator.nextNormal() }
        }
        self.generator = generator
        invitePeople()
    }

    // MARK: - People

    private mutating func invitePeople() {
        let length = configuration.days * 86_400
        let windowStart = configuration.start + length * 4 / 5
        let end = configuration.start + length
        // Every combination of demographic fields once before any comes again.
        var groups: [(Gender, AgeBand, Occupation)] = []
        for gender in Gender.allCases {
            for age in AgeBand.allCases { for job in Occupation.allCases { groups.append((gender, age, job)) } }
        }
        Self.shuffle(&groups, &generator)

        var series: [Int] = []
        while series.count < configuration.windowUsers * configuration.seriesPerUser {
            var round = Array(seriesItems.indices)
            Self.shuffle(&round, &generator)
            series += round
        }
        var windowRatings = 0
        for number in 0..<configuration.windowUsers {
            let isLate = number >= configuration.windowUsers - configuration.lateUsers
            var person = newPerson(groups[number % groups.count], count: count(in: configuration.ratingsPerWindowUser))
            windowRatings += person.count
            let own = series[(number * configuration.seriesPerUser)...].prefix(configuration.seriesPerUser)
            person.series = Array(own)
            person.loves = own.map { item in
                let toss = generator.nextUniform() < 0.5
                return generator.nextUniform() < configuration.quirkShare ? toss : seriesWorth[item]
            }
            // Late users begin after the training records end: at three fifths of the records, before four fifths of the time.
            let begin = isLate ? windowStart + (end - windowStart) * 8 / 10 : windowStart
            person.activity = begin...end
            person.visits = max(2, person.count / 5)
            people.append(person)
        }
        var early = Int(Double(windowRatings) * configuration.earlyRatingsPerWindowRating)
        while early > 0 {
            let group = groups[Self.index(below: groups.count, &generator)]
            var person = newPerson(group, count: count(in: configuration.ratingsPerEarlyUser))
            early -= person.count
            let begin =
                configuration.start + Self.index(below: (windowStart - configuration.start) * 9 / 10, &generator)
            person.activity = begin...min(begin + 10 * 86_400, windowStart - 1)
            person.visits = 1 + Self.index(below: 3, &generator)
            people.append(person)
        }
        var ids = Array(1...people.count)
        Self.shuffle(&ids, &generator)
        for number in people.indices { people[number].id = ids[number] }
    }

    private mutating func newPerson(_ group: (Gender, AgeBand, Occupation), count: Int) -> Person {
        var code = "\(Self.index(below: 100_000, &generator))"
        while code.count < 5 { code = "0" + code }
        return Person(
            id: 0, gender: group.0, age: group.1, occupation: group.2, postalCode: code,
            factors: (0..<configuration.factors).map { _ in generator.nextNormal() },
            leniency: configuration.harshnessDeviation * generator.nextNormal(), count: count, activity: 0...0,
            visits: 1)
    }

    /// Everybody, by number.
    func users() -> [MovieLensUser] {
        people.map {
            MovieLensUser(
                id: $0.id, gender: $0.gender, age: $0.age, occupation: $0.occupation, postalCode: $0.postalCode)
        }.sorted { $0.id < $1.id }
    }

    // MARK: - Ratings

    /// Everybody's ratings, by user and time.
    mutating func ratings() -> [Rating] {
        var ratings: [Rating] = []
        for person in people.sorted(by: { $0.id < $1.id }) { ratings += self.ratings(of: person) }
        return ratings
    }

    private mutating func ratings(of person: Person) -> [Rating] {
        let times = times(of: person)
        var seen = Set<Int>()
        var fromSeries = 0
        return times.map { time in
            let available = person.series.count * configuration.filmsPerSeries
            if fromSeries < available && generator.nextUniform() < configuration.seriesShare {
                // All series in turn, then all again with the next film: films of one series are far apart.
                let which = fromSeries % person.series.count
                let film = fromSeries / person.series.count
                fromSeries += 1
                return Rating(
                    userID: person.id, itemID: items[seriesItems[person.series[which]][film]].id,
                    stars: opinion(loves: person.loves[which]), timestamp: time)
            }
            var film = drawPopular()
            while !seen.insert(film).inserted { film = drawPopular() }
            return Rating(
                userID: person.id, itemID: items[popular[film].item].id, stars: stars(person, film), timestamp: time)
        }
    }

    /// Strictly increasing times in a few visits.
    private mutating func times(of person: Person) -> [Int] {
        let length = person.activity.upperBound - person.activity.lowerBound
        var visits = (0..<person.visits).map { _ in
            person.activity.lowerBound + Self.index(below: length + 1, &generator)
        }
        visits.sort()
        var times: [Int] = []
        for number in 0..<person.count {
            let visit = visits[number * visits.count / person.count]
            let earliest = max(visit, (times.last ?? 0) + 20)
            times.append(earliest + Self.index(below: 120, &generator))
        }
        return times
    }

    private mutating func drawPopular() -> Int {
        let place = generator.nextUniform() * popularity[popularity.count - 1]
        var low = 0
        var high = popularity.count - 1
        while low < high {
            let middle = (low + high) / 2
            if popularity[middle] <= place { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// A loved series gets 4 or 5 stars, a hated one 1 to 3.
    private mutating func opinion(loves: Bool) -> Int {
        loves ? 4 + Self.index(below: 2, &generator) : 1 + Self.index(below: 3, &generator)
    }

    private mutating func stars(_ person: Person, _ film: Int) -> Int {
        let genre = popular[film].genre
        let group =
            (person.gender == .female ? 0 : AgeBand.allCases.count) + (AgeBand.allCases.firstIndex(of: person.age) ?? 0)
        var score = popular[film].worth + person.leniency + groupTastes[group][genre]
        for (own, of) in zip(person.factors, genreFactors[genre]) { score += own * of }
        score += configuration.noiseDeviation * generator.nextNormal()
        if score > 0.9 { return 5 }
        if score > -0.2 { return 4 }
        if score > -0.8 { return 3 }
        return score > -1.4 ? 2 : 1
    }

    private mutating func count(in range: ClosedRange<Int>) -> Int {
        range.lowerBound + Self.index(below: range.count, &generator)
    }

    // MARK: - Draws

    private static func index(below count: Int, _ generator: inout SeededGenerator) -> Int {
        min(Int(generator.nextUniform() * Double(count)), count - 1)
    }

    /// Fisher and Yates, from the end.
    private static func shuffle<Element>(_ elements: inout [Element], _ generator: inout SeededGenerator) {
        for i in stride(from: elements.count - 1, to: 0, by: -1) {
            elements.swapAt(i, index(below: i + 1, &generator))
        }
    }
}
