/// The knobs of `DataSynthesizer`. The defaults give a data set in which forgetting can be measured with a tiny model.
public struct SynthesisConfiguration: Sendable, Equatable {
    /// Users who are active in the window, the last fifth of the ratings: those who may ask to be forgotten.
    public var windowUsers = 300
    /// Of these, users who come so late that they have no training record.
    public var lateUsers = 50
    /// Ratings of a window user, the first five of which are history only.
    public var ratingsPerWindowUser = 24...38
    /// Ratings of a user from before the window.
    public var ratingsPerEarlyUser = 25...60
    /// Early ratings for each rating of a window user. A little below 4 the 8:1:1 cut of `PaperProtocol` comes just after the
    /// window users have begun.
    public var earlyRatingsPerWindowRating = 3.75
    /// Films that everybody may rate; their popularity falls with their rank as 1 / (rank + 5).
    public var popularFilms = 240
    /// Little-known film series that a window user follows; with more than K of them a history never shows the series of its target.
    public var seriesPerUser = 11
    /// Films of a series.
    public var filmsPerSeries = 2
    /// Users who follow the same series, each with an opinion of their own.
    public var followersPerSeries = 1
    /// The share of a window user's ratings that goes to films of the own series.
    public var seriesShare = 0.45
    /// The share of opinions on series that are the user's own coin toss; the others follow the series' worth.
    public var quirkShare = 1.0
    /// Latent dimensions of taste.
    public var factors = 4
    /// How strongly a user's factors and demographic group pull, in units of the stars' scale.
    public var tasteDeviation = 0.5
    /// How strongly users differ in how many stars they give, in units of the stars' scale.
    public var harshnessDeviation = 0.7
    /// How strongly films differ in worth, in units of the stars' scale.
    public var worthDeviation = 1.0
    /// What nobody can foresee, in units of the stars' scale.
    public var noiseDeviation = 0.4
    /// When the first rating happens: seconds since 1970-01-01 UTC.
    public var start = 956_700_000
    /// The days from the first to the last rating.
    public var days = 1000

    /// Creates the defaults.
    public init() {}

    /// Forty-eight people in the window, who rate often enough that a tiny model learns some of it by heart: for what has to be quick, and of
    /// which nobody asks how well a model forgets.
    public static let small: SynthesisConfiguration = {
        var configuration = SynthesisConfiguration()
        configuration.windowUsers = 48
        configuration.lateUsers = 4
        configuration.ratingsPerWindowUser = 16...22
        configuration.ratingsPerEarlyUser = 20...30
        configuration.popularFilms = 80
        return configuration
    }()

    /// - Throws: `SynthesisError.invalidSetting`.
    func check() throws(SynthesisError) {
        func require(_ holds: Bool, _ name: String, _ found: Any, _ expected: String) throws(SynthesisError) {
            if !holds { throw .invalidSetting(name: name, found: "\(found)", expected: expected) }
        }
        func requireShare(_ value: Double, _ name: String) throws(SynthesisError) {
            try require(value >= 0 && value <= 1, name, value, "0 to 1")
        }
        try require((2...100_000).contains(windowUsers), "windowUsers", windowUsers, "2 to 100000")
        try require((0..<windowUsers).contains(lateUsers), "lateUsers", lateUsers, "less than windowUsers")
        for (name, range) in [
            ("ratingsPerWindowUser", ratingsPerWindowUser), ("ratingsPerEarlyUser", ratingsPerEarlyUser),
        ] {
            try require(range.lowerBound >= 6 && range.upperBound <= 1000, name, range, "within 6 to 1000")
        }
        try require(
            earlyRatingsPerWindowRating >= 0 && earlyRatingsPerWindowRating <= 100, "earlyRatingsPerWindowRating",
            earlyRatingsPerWindowRating, "0 to 100")
        try require(popularFilms <= Words.popularTitles, "popularFilms", popularFilms, "at most \(Words.popularTitles)")
        try requireShare(seriesShare, "seriesShare")
        try requireShare(quirkShare, "quirkShare")
        let most = max(ratingsPerWindowUser.upperBound, ratingsPerEarlyUser.upperBound)
        try require(
            popularFilms >= 2 * most, "popularFilms", popularFilms, "at least \(2 * most), twice a user's ratings")
        try require((0...1000).contains(seriesPerUser), "seriesPerUser", seriesPerUser, "0 to 1000")
        try require((1...6).contains(filmsPerSeries), "filmsPerSeries", filmsPerSeries, "1 to 6")
        try require((1...1000).contains(followersPerSeries), "followersPerSeries", followersPerSeries, "1 to 1000")
        let series = seriesCount
        try require(series <= Words.seriesNames, "number of series", series, "at most \(Words.seriesNames)")
        try require((1...64).contains(factors), "factors", factors, "1 to 64")
        for (name, value) in [
            ("tasteDeviation", tasteDeviation), ("harshnessDeviation", harshnessDeviation),
            ("worthDeviation", worthDeviation), ("noiseDeviation", noiseDeviation),
        ] {
            try require(value >= 0 && value <= 100, name, value, "0 to 100")
        }
        try require((0...9_000_000_000).contains(start), "start", start, "0 to 9000000000")
        try require((20...10_000).contains(days), "days", days, "20 to 10000")
    }

    var seriesCount: Int { (windowUsers * seriesPerUser + followersPerSeries - 1) / followersPerSeries }
}

/// Why no data can be made.
public enum SynthesisError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A knob is out of its range.
    case invalidSetting(name: String, found: String, expected: String)
    /// The files cannot be written; `isMachineFailure` tells a full disk from a wrong path.
    case unwritable(reason: String, isMachineFailure: Bool)

    /// One line for people.
    public var description: String {
        switch self {
        case .invalidSetting(let name, let found, let expected):
            "synthesis setting \(name) is \(found), expected \(expected)"
        case .unwritable(let reason, _): reason
        }
    }
}
