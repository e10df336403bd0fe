import Foundation
import LetheBytes
import LetheRecommendation
import Testing

/// What a controller does at the desk, command by command, on small data with a hasty policy; done once for the whole suite.
struct Tour: Sendable {
    static let origin = "tour.lethe.example/ledger"
    static let people = 3

    let folder: TemporaryFolder
    let initialize: LetheCommand.Result
    let pretrain: LetheCommand.Result
    let train: LetheCommand.Result
    let sign: [LetheCommand.Result]
    let submit: [LetheCommand.Result]
    let run: LetheCommand.Result

    @TaskLocal private static var shared: Tour?

    /// The tour of the suite that runs.
    static var current: Tour { get throws { try #require(shared) } }

    static func withShared(_ body: @Sendable () async throws -> Void) async throws {
        try await $shared.withValue(try Tour()) { try await body() }
    }

    private init() throws {
        folder = try TemporaryFolder()
        try Self.writeData(to: folder.path("data"))
        try folder.write(Array(Self.policy.utf8), to: "policy.yaml")
        initialize = try LetheCommand.run(
            "init", "--workspace", "desk", "--policy", "policy.yaml", "--data", "data", "--origin", Self.origin,
            "--json",
            in: folder)
        pretrain = try LetheCommand.run("model", "pretrain", "--workspace", "desk", "--json", in: folder)
        train = try LetheCommand.run("model", "train", "--workspace", "desk", "--json", in: folder)
        var sign: [LetheCommand.Result] = []
        var submit: [LetheCommand.Result] = []
        for (number, user) in try Self.trainingUsers(in: folder.path("data")).prefix(Self.people).enumerated() {
            sign.append(
                try LetheCommand.run(
                    "request", "sign", "--workspace", "desk", "--subject", "\(user)", "--key", "desk/keys/portal.pem",
                    "--output", "request-\(number).json", "--json", in: folder))
            submit.append(
                try LetheCommand.run(
                    "request", "submit", "request-\(number).json", "--workspace", "desk", "--json", in: folder))
        }
        self.sign = sign
        self.submit = submit
        run = try LetheCommand.run("run", "--workspace", "desk", "--json", in: folder)
    }

    /// A folder with a copy of the desk as the tour left it, its data where they were.
    func copy() throws -> TemporaryFolder {
        let copy = try TemporaryFolder()
        for name in ["desk", "data", "policy.yaml"] {
            try FileManager.default.copyItem(atPath: folder.path(name), toPath: copy.path(name))
        }
        return copy
    }

    /// The certificates' files, relative to the folder.
    func certificates() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path("desk/certificates")).sorted()
            .map { "desk/certificates/" + $0 }
    }

    /// The documented example of a mapped log.
    static let exampleFolder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Documentation/examples/tea-orders").path

    /// A small data set's rules.
    private static var synthesis: SynthesisConfiguration {
        var configuration = SynthesisConfiguration()
        configuration.windowUsers = 30
        configuration.lateUsers = 3
        configuration.ratingsPerWindowUser = 10...14
        configuration.ratingsPerEarlyUser = 12...20
        configuration.popularFilms = 60
        configuration.seriesPerUser = 4
        return configuration
    }

    /// Writes a small data set.
    static func writeData(to path: String) throws {
        try DataSynthesizer(configuration: synthesis, seed: 5).write(to: path)
    }

    /// Writes the same as if it came from the UCSD Book Graph: users have names, times are text, some books are not rated.
    static func writeBookGraph(to path: String) throws {
        let dataset = try DataSynthesizer(configuration: synthesis, seed: 5).dataset()
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(secondsFromGMT: -7 * 3600)
        format.dateFormat = "EEE MMM dd HH:mm:ss Z yyyy"
        let interactions = dataset.ratings.map { rating in
            let added = format.string(from: Date(timeIntervalSince1970: Double(rating.timestamp)))
            return #"{"user_id": "\#(userName(rating.userID))", "book_id": "\#(rating.itemID)", "is_read": true, "#
                + #""rating": \#(rating.stars), "date_added": "\#(added)"}"#
        }
        let unrated = interactions[0].replacing(/"rating": \d/, with: #""rating": 0"#)
        let books = dataset.items.map {
            #"{"book_id": "\#($0.id)", "title": "\#($0.title)", "authors": [{"author_id": "4", "role": ""}]}"#
        }
        try Files.createFolder(path)
        for (name, lines) in [
            ("goodreads_interactions_moss.json", [unrated] + interactions), ("goodreads_books_moss.json", books),
            ("goodreads_book_authors.json", [#"{"author_id": "4", "name": "Io Fenn"}"#]),
        ] {
            try Files.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: Files.join(path, name))
        }
    }

    /// A user's name in the Book Graph.
    static func userName(_ id: Int) -> String { "c0ffee" + String(0x1000_0000 + id * 7919, radix: 16) }

    /// People with training records.
    static func trainingUsers(in path: String) throws -> [Int] {
        var splitting = PaperProtocol()
        splitting.historyLimit = 5
        return try splitting.split(MovieLens.load(path)).trainingUsers
    }

    /// One epoch of everything.
    static let policy = """
        version: 1
        name: tour
        regulation: gdpr
        requests:
          identityLevel: email-verified
        batching:
          maximumRequests: 100
          marginDays: 7
        model:
          shape: mini
          promptTemplate: compact
          maximumTokens: 64
          vocabularySize: 256
        training:
          pretrainingEpochs: 1
          epochs: 1
          batchSize: 32
          learningRate: 0.0005
          weightDecay: 0.01
          dropout: 0
          earlyStoppingPatience: none
          learningRateDecay: none
        method:
          name: e2urec
          alpha: 1.5
          beta: 0.4
          forgetOnlyEpochs: 1
          jointSteps: 2
          learningRate: 0.001
          batchSize: 16
          rank: 4
          loraAlpha: 8
          loraDropout: 0
          augmented:
            learningRate: 0.00005
            epochs: 1
        verification:
          references: 2
          require: [G0, G1, G2, G5]
          thresholds:
            rrmMargin: 0.20
            jgMargin: 0.25
            aucMargin: 0.01
            logLossMargin: 0.01
            alpha: 0.05
            bootstrapReplicates: 100
        retention:
          shredAfterFulfilment: true
        threads: 2

        """
}

/// Takes the tour before the first test of the suite.
struct SharedTour: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Tour.withShared(function)
    }
}

/// Every test that needs a desk.
@Suite(SharedTour()) struct DeskTests {}

/// Expects what every refusal is: the exit code, one line on standard error, nothing on standard output, no new file.
func expectRefusal(
    _ arguments: [String], in folder: TemporaryFolder, status: Int32 = 2, naming needles: String...,
    fileSizeLimit: Int? = nil, sourceLocation: SourceLocation = #_sourceLocation
) throws {
    let before = try folder.names()
    let result = try LetheCommand.run(arguments, in: folder, fileSizeLimit: fileSizeLimit)
    let words = arguments.joined(separator: " ")
    #expect(result.status == status, "\(words): \(result.errors)", sourceLocation: sourceLocation)
    #expect(result.output.isEmpty, "\(words): \(result.output)", sourceLocation: sourceLocation)
    let lines = result.errors.split(separator: "\n")
    if arguments.first == "demo" {
        // What it had done until then stands above the line that says what went wrong.
        #expect(lines.filter { $0.hasPrefix("lethe: ") } == lines.suffix(1), sourceLocation: sourceLocation)
    } else {
        #expect(lines.count == 1, "\(words): \(result.errors)", sourceLocation: sourceLocation)
    }
    for needle in needles {
        #expect(result.errors.contains(needle), "\(words): \(result.errors)", sourceLocation: sourceLocation)
    }
    let after = try folder.names()
    // What a door turns away is counted, by day and cause alone.
    let left = after.subtracting(before).filter { !$0.contains("/refusals") }
    #expect(left.isEmpty, "\(words) left something behind", sourceLocation: sourceLocation)
    #expect(before.subtracting(after).isEmpty, "\(words) took something away", sourceLocation: sourceLocation)
}
