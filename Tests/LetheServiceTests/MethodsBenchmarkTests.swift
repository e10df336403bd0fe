import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheUnlearning
import Testing

@testable import LetheService

/// The real MovieLens-1M files beside the project, when they are there.
private let movieLensFolder: String? = {
    let shared =
        ProcessInfo.processInfo.environment["LETHE_SHARED"]
        ?? URL(filePath: #filePath).appending(path: "../../../../shared").standardized.path
    let path = shared + "/data/ml-1m"
    return Files.exists(path) ? path : nil
}()

/// `lethe benchmark methods` and `search`, whole, on invented data and models of width 16.
@Suite(.serialized) struct MethodsBenchmarkTests {
    /// The invented data; made once.
    private static let data: Result<TestFolder, any Error> = Result {
        let folder = try TestFolder()
        var configuration = SynthesisConfiguration()
        configuration.windowUsers = 70
        configuration.lateUsers = 20
        configuration.ratingsPerWindowUser = 14...20
        configuration.ratingsPerEarlyUser = 20...30
        configuration.popularFilms = 60
        try DataSynthesizer(configuration: configuration, seed: 5).write(to: folder.path)
        return folder
    }

    private static func policy(_ change: (String) -> String = { $0 }) -> [UInt8] {
        Array(change(DeskPolicy(epochs: 2).yaml).utf8)
    }

    private static func options(
        _ output: String, methods: [String] = MethodsBenchmark.all, seeds: Int = 2, ablations: Bool = false,
        policy: [UInt8] = policy()
    ) throws -> MethodsBenchmark.Options {
        let folder = try data.get()
        let memorising = String(decoding: policy, as: UTF8.self).replacing("\n  epochs: 2\n", with: "\n  epochs: 3\n")
            .replacing("learningRateDecay: linear", with: "learningRateDecay: none")
        return MethodsBenchmark.Options(
            profile: DatasetProfile(kind: .synthetic, folder: folder.path),
            settings: [
                .init(name: "early-stopped", policy: policy),
                .init(name: "memorising", policy: Array(memorising.utf8), users: 40),
            ],
            methods: methods, seeds: seeds, references: 3, shape: .micro, auditRecords: 60, replicates: 20,
            ablations: ablations, output: output, command: "lethe benchmark methods --output DIR")
    }

    /// Runs to the end, or until `limit` jobs were begun; how many jobs found their result.
    private static func run(
        _ options: MethodsBenchmark.Options, limit: Int = .max
    ) throws -> (report: MethodsReport?, jobs: Int, found: [String]) {
        var (jobs, found) = (0, [String]())
        let report = try MethodsBenchmark(options, environment: Desk.environment()).run(shouldStop: { jobs >= limit }) {
            switch $0 {
            case .job: jobs += 1
            case .found(let name): found.append(name)
            case .progress, .outcome: break
            }
        }
        try report?.write()
        return (report, jobs, found)
    }

    private static func outputs(_ folder: String) throws -> [String: [UInt8]] {
        Dictionary(
            uniqueKeysWithValues: try Files.names(in: folder).filter { $0 != "cache" }.map {
                ($0, try Files.read(Files.join(folder, $0), limit: 1 << 24))
            })
    }

    @Test func oneRunMakesTheWholeTableAndAKilledOneTheSameBytes() throws {
        let (whole, pieces) = (try TestFolder(), try TestFolder())
        let outcome = try Self.run(try Self.options(whole.path))
        let report = try #require(outcome.report)
        #expect(outcome.found == ["memorising: base"])
        // Per setting: a base, originals, retrained models; rows for the base, three retrained models, two seeds of all others.
        // The settings share the base.
        let perSetting = 1 + 2 + 3 + 1 + 3 + 2 * (MethodsBenchmark.all.count - 1)
        #expect(outcome.jobs == 2 * perSetting)

        for limit in [1, 4, 9, 17] {
            #expect(try Self.run(try Self.options(pieces.path), limit: limit).report == nil)
        }
        let resumed = try Self.run(try Self.options(pieces.path))
        #expect(resumed.found.count >= 17)
        let outputs = try Self.outputs(whole.path)
        #expect(
            outputs.keys.sorted() == [
                "curves-early-stopped.svg", "curves-memorising.svg", "forgetting-early-stopped.svg",
                "forgetting-memorising.svg", "methods.csv", "methods.json", "methods.md", "time-early-stopped.svg",
                "time-memorising.svg",
            ])
        #expect(try Self.outputs(pieces.path) == outputs)

        try Self.check(report.json)
        let markdown = report.markdown
        for word in ["noise floor", "442,368", "445,807,104", "e2urec-calibrated", "What must hold", "holds"] {
            #expect(markdown.contains(word), "\(word)")
        }
        for figure in outputs.keys where figure.hasSuffix(".svg") { #expect(markdown.contains("](\(figure))")) }
        // Nobody's number and no text of a record is in what is published.
        let json = try #require(outputs["methods.json"])
        #expect(json.count < 2_000_000)
        let lines = String(decoding: try #require(outputs["methods.csv"]), as: UTF8.self).split(separator: "\r\n")
        #expect(lines.count == 1 + 2 * (MethodsBenchmark.all.count + 1))
        #expect(Set(lines.map { $0.split(separator: ",", omittingEmptySubsequences: false).count }).count == 1)
    }

    @Test func aKeptRowOfAnotherSizeIsNamedAndNotRead() throws {
        let folder = try TestFolder()
        let options = try Self.options(folder.path, methods: ["retrain"])
        _ = try Self.run(options)
        let cache = Files.join(folder.path, "cache")
        let name = try #require(try Files.names(in: cache).sorted().first { $0.hasPrefix("measured-") })
        let path = Files.join(cache, name)
        let whole = try Files.read(path, limit: 1 << 24)
        for member in ["test", "forgotten", "control", "distances"] {
            var row = try #require(try StrictJSON.parse(whole).objectValue)
            let numbers = try #require(row[member]?.arrayValue)
            row[member] = .array(Array(numbers.dropLast()))
            try Files.write(try JSONValue.object(row).canonicalBytes(), to: path)
            let error = try #require(throws: FileError.self) { try Self.run(options) }
            #expect("\(error)".contains(name), "\(member): \(error)")
        }
        try Files.write(whole, to: path)
        #expect(try Self.run(options).report != nil)
    }

    private static func check(_ json: JSONValue) throws {
        let settings = try #require(json["settings"]?.arrayValue)
        #expect(settings.compactMap { $0["name"]?.stringValue } == ["early-stopped", "memorising"])
        for setting in settings {
            let counts = try #require(setting["counts"]?.objectValue)
            #expect(
                (counts["forgotten"]?.intValue ?? 0) + (counts["retained"]?.intValue ?? 0)
                    == counts["training"]?.intValue)
            let rows = try #require(setting["rows"]?.arrayValue)
            #expect(rows.compactMap { $0["method"]?.stringValue } == ["base"] + MethodsBenchmark.all)
            func row(_ name: String) throws -> JSONValue {
                try #require(rows.first { $0["method"]?.stringValue == name })
            }
            func value(_ name: String, _ path: String...) throws -> Double {
                var value = try row(name)
                for part in path { value = try #require(value[part]) }
                return try #require(value["value"]?.doubleValue)
            }
            let floor = try #require(setting["floor"]?["jsd.vocabulary"]?["value"]?.doubleValue)
            #expect(try abs(value("retrain", "distances", "jsd.vocabulary") - floor) < 1e-12)
            #expect(try abs(value("retrain", "goldMarginGap")) < 1e-9)
            #expect(try abs(value("retrain", "aucMinusRetrain")) < 1e-12)
            #expect(try value("original", "distances", "jsd.vocabulary") > 0)
            for row in rows {
                let jsd = try #require(row["distances"]?["jsd.vocabulary"])
                let (low, middle, high) = (
                    jsd["lower"]?.doubleValue, jsd["value"]?.doubleValue, jsd["upper"]?.doubleValue
                )
                #expect(try #require(low) <= #require(middle) && #require(middle) <= #require(high))
                let models = try #require(row["models"]?.arrayValue)
                #expect(Set(models.compactMap { $0["weights"]?.stringValue }).count == models.count)
            }
            #expect(try row("e2urec")["trainableAtT5Base"]?.intValue == 884_736 / 2)
            #expect(try row("sisa")["trainableAtT5Base"]?.intValue == 2 * 222_903_552)
            #expect(try row("e2urec")["parts"]?[0]?["name"]?.stringValue == "augmented model")
        }
    }

    @Test func onlyWhatASettingChangesIsDoneAgain() throws {
        let folder = try TestFolder()
        let methods = ["original", "retrain", "neggrad", "e2urec", "e2urec-calibrated"]
        _ = try Self.run(try Self.options(folder.path, methods: methods, seeds: 1))
        let changed = Self.policy { $0.replacing("alpha: 1.5", with: "alpha: 1.6") }
        let again = try Self.run(try Self.options(folder.path, methods: methods, seeds: 1, policy: changed))
        let all = 2 * (1 + 1 + 3 + 1 + 3 + 4)
        #expect(again.jobs == all)
        #expect(again.found.count == all - 2, "e2urec alone in both settings")
        #expect(!again.found.contains { $0.hasSuffix("e2urec, seed 1") })
        // Another training rate reaches everything but the base.
        let retrained = Self.policy {
            $0.replacing("batchSize: 64\n  learningRate: 0.001", with: "batchSize: 64\n  learningRate: 0.002")
        }
        let anew = try Self.run(try Self.options(folder.path, methods: methods, seeds: 1, policy: retrained))
        #expect(anew.found.allSatisfy { $0.hasSuffix(": base") })
    }

    // MARK: keys

    /// Options of one setting whose first jobs are the base, an original and a retrained model.
    private static func short(
        _ output: String, _ change: (inout MethodsBenchmark.Options) -> Void = { _ in }
    ) throws -> MethodsBenchmark.Options {
        var options = try options(output, methods: ["original", "retrain"], seeds: 1)
        options.settings.removeLast()
        change(&options)
        return options
    }

    @Test func nothingThatAnotherProgramOrOtherDataMadeIsTaken() throws {
        let folder = try TestFolder()
        #expect(try Self.run(try Self.short(folder.path), limit: 2).found.isEmpty)
        #expect(try Self.run(try Self.short(folder.path), limit: 2).found.count == 2)

        let now = Desk.environment()
        let later = ServiceEnvironment(
            now: now.now, seconds: { 0 }, program: { Digest(sha256: Array("the next build".utf8)) }, description: [:])
        var found: [String] = []
        var jobs = 0
        _ = try MethodsBenchmark(try Self.short(folder.path), environment: later).run(shouldStop: { jobs >= 2 }) {
            if case .job = $0 { jobs += 1 }
            if case .found(let name) = $0 { found.append(name) }
        }
        #expect(jobs == 2 && found.isEmpty)

        // The same ratings of films of which one has another title.
        let data = try TestFolder()
        for name in try Files.names(in: try Self.data.get().path) {
            try Files.write(
                try Files.read(try Self.data.get().path(name), limit: 1 << 24), to: data.path(name))
        }
        let films = String(decoding: try Files.read(data.path("movies.dat"), limit: 1 << 20), as: UTF8.self)
        let end = try #require(films.firstRange(of: " ("))
        try Files.write(
            Array(films.replacingCharacters(in: end.lowerBound..<end.lowerBound, with: " Again").utf8),
            to: data.path("movies.dat"))
        let renamed = try Self.short(folder.path) { $0.profile = DatasetProfile(kind: .synthetic, folder: data.path) }
        #expect(try Self.run(renamed, limit: 2).found.isEmpty)

        for change: (inout MethodsBenchmark.Options) -> Void in [
            { $0.shape = .mini },
            { $0.settings[0].policy = Self.policy { $0.replacing("maximumTokens: 96", with: "maximumTokens: 95") } },
            {
                $0.settings[0].policy = Self.policy { $0.replacing("vocabularySize: 512", with: "vocabularySize: 511") }
            },
            { $0.settings[0].policy = Self.policy { $0.replacing("batchSize: 64\n", with: "batchSize: 63\n") } },
            { $0.settings[0].policy = Self.policy { $0.replacing("dropout: 0\n", with: "dropout: 0.1\n") } },
        ] {
            #expect(try Self.run(try Self.short(folder.path, change), limit: 2).found.isEmpty)
        }
        // The base is the same: people outside the window, who are nobody's test and nobody's to forget.
        for change: (inout MethodsBenchmark.Options) -> Void in [
            { $0.settings[0].users = 30 },
            { $0.settings[0].policy = Self.policy { $0.replacing("\n  epochs: 2\n", with: "\n  epochs: 1\n") } },
        ] {
            #expect(try Self.run(try Self.short(folder.path, change), limit: 2).found == ["early-stopped: base"])
        }
        // So are originals where the training is: they do not know whom they will forget, or what they will be asked.
        for change: (inout MethodsBenchmark.Options) -> Void in [
            { $0.settings[0].forgottenUsers = 3 }, { $0.testRecords = 50 },
        ] {
            let found = try Self.run(try Self.short(folder.path, change), limit: 3).found
            #expect(found == ["early-stopped: base", "early-stopped: original, seed 1"])
        }
        #expect(try Self.run(try Self.short(folder.path), limit: 2).found.count == 2, "and nothing was written over")
    }

    @Test func aSecondSeedIsAddedToTheFirstAndAControlKnowsThePlainMethodsAlpha() throws {
        let folder = try TestFolder()
        func options(_ seeds: Int, alpha: String = "1.5") throws -> MethodsBenchmark.Options {
            var options = try Self.options(
                folder.path, methods: ["neggrad"], seeds: seeds, ablations: true,
                policy: Self.policy { $0.replacing("alpha: 1.5", with: "alpha: \(alpha)") })
            options.settings.removeLast()
            return options
        }
        let one = try Self.run(try options(1))
        let two = try Self.run(try options(2))
        #expect(
            two.found.count == one.jobs && two.found.allSatisfy { !$0.hasSuffix("seed 2") || $0.contains("retrain") })
        let other = try Self.run(try options(2, alpha: "1.7"))
        #expect(!other.found.contains { $0.contains("plain-teacher") })
        #expect(other.found.contains { $0.contains("neggrad") })
    }

    // MARK: counts, and whom to forget

    @Test func usersToForgetAreAsManyAsAskedForAndOriginalsAreSharedByAllNumbers() throws {
        let folder = try TestFolder()
        func options(_ counts: [Int]) throws -> MethodsBenchmark.Options {
            try Self.short(folder.path) { options in
                options.settings = options.settings.flatMap { setting in counts.map(setting.forgetting) }
            }
        }
        let outcome = try Self.run(try options([1, 3]))
        let settings = try #require(outcome.report?.json["settings"]?.arrayValue)
        #expect(settings.map { $0["name"]?.stringValue } == ["early-stopped-forget-1", "early-stopped-forget-3"])
        #expect(settings.map { $0["counts"]?["forgottenUsers"]?.intValue } == [1, 3])
        let forgotten = try settings.map { try #require($0["counts"]?["forgotten"]?.intValue) }
        let retained = try settings.map { try #require($0["counts"]?["retained"]?.intValue) }
        #expect(0 < forgotten[0] && forgotten[0] < forgotten[1] && forgotten[1] < retained[1] / 5)
        #expect(forgotten[0] + retained[0] == forgotten[1] + retained[1])
        #expect(outcome.found.contains("early-stopped-forget-3: original, seed 1"))
        #expect(!outcome.found.contains("early-stopped-forget-3: retrained, seed 1"))
        let markdown = try #require(outcome.report?.markdown)
        #expect(markdown.contains("| method | `early-stopped-forget-1` | `early-stopped-forget-3` |"))
        #expect(try Self.run(try options([1, 3])).found.count == outcome.jobs)
        for count in [70, 1_000_000] {
            #expect(throws: EngineError.self) { try Self.run(try options([count])) }
        }
        for count in [0, -1, 10_000_001] {
            #expect(throws: EngineError.self) { try Self.run(try options([count])) }
        }
        #expect(throws: EngineError.self, "twice the same") { try Self.run(try options([2, 2])) }
    }

    @Test func countsThatAreNotThePapersAreSaid() throws {
        let split = try DatasetProfile(kind: .synthetic, folder: try Self.data.get().path).load().split
        let checks = MethodsCheck.counts(split, isPublished: true, setting: "early-stopped")
        #expect(checks.count == 4 && checks.allSatisfy { !$0.holds })
        #expect(checks[0].found == "\(split.training.count)/\(split.validation.count)/\(split.test.count)")
        #expect(checks[1].found == "\(split.trainingUsers.count)/\(split.forgottenUsers.count)")
        #expect(MethodsCheck.counts(split, isPublished: false, setting: "early-stopped").isEmpty)
    }

    /// With the real data beside the project, where they are: the paper's own counts.
    @Test(.enabled(if: movieLensFolder != nil)) func countsOfTheRealDataAreThePapers() throws {
        let (dataset, split) = try DatasetProfile(kind: .movieLens1M, folder: try #require(movieLensFolder)).load()
        var options = try Self.options("nowhere")
        #expect(!MethodsCheck.hasPublishedSplit(options, try options.profile.load().dataset))
        options.profile = DatasetProfile(kind: .movieLens1M, folder: try #require(movieLensFolder))
        #expect(MethodsCheck.hasPublishedSplit(options, dataset))
        options.settings[0].forgottenUsers = 205
        #expect(!MethodsCheck.hasPublishedSplit(options, dataset))
        options.settings[0].forgottenUsers = nil
        options.profile = DatasetProfile(kind: .movieLens1M, folder: options.profile.folder, isQuick: true)
        #expect(!MethodsCheck.hasPublishedSplit(options, dataset), "a subsample has other counts")
        let checks = MethodsCheck.counts(split, isPublished: true, setting: "early-stopped")
        #expect(checks.count == 4)
        for check in checks { #expect(check.holds, "\(check.claim), found \(check.found)") }
    }

    @Test func theControlsAndTheStackedRequestsAreRowsOfTheirOwn() throws {
        let folder = try TestFolder()
        var options = try Self.options(folder.path, methods: ["e2urec"], seeds: 1, ablations: true)
        options.requests = 3
        let outcome = try Self.run(options)
        let rows = try #require(outcome.report?.json["settings"]?[0]?["rows"]?.arrayValue)
        #expect(
            rows.compactMap { $0["method"]?.stringValue } == [
                "base", "original", "retrain", "e2urec", "e2urec/stacked", "e2urec-calibrated/no-ce",
                "e2urec-calibrated/no-kl", "e2urec-calibrated/retained-only",
                "e2urec-calibrated/forgotten-only", "e2urec-calibrated/all-positions",
                "e2urec-calibrated/plain-teacher",
                "e2urec-calibrated/fixed-steps", "rewind/no-relearning", "rewind/from-base", "rewind/from-original",
            ])
    }

    @Test func aDamagedResultIsNamedAndNothingElseIsLost() throws {
        let folder = try TestFolder()
        let options = try Self.options(folder.path, methods: ["original", "retrain"], seeds: 1)
        let before = try Self.run(options).report?.markdown
        let cache = Files.join(folder.path, "cache")
        let measured = try #require(try Files.names(in: cache).sorted().first { $0.hasPrefix("measured-") })
        try Files.write(Array("{".utf8), to: Files.join(cache, measured))
        #expect(throws: FileError.self) { try Self.run(options) }
        try Files.remove(Files.join(cache, measured))
        #expect(try Self.run(options).report?.markdown == before)

        // A model whose weights are not those that were recorded.
        let record = try #require(
            try Files.names(in: cache).sorted().first { $0.hasPrefix("model-") && $0.hasSuffix(".json") })
        let path = Files.join(cache, record)
        let text = String(decoding: try Files.read(path, limit: 1 << 20), as: UTF8.self)
        let digest = try #require(text.firstRange(of: "\"weights\":\""))
        var changed = text
        changed.replaceSubrange(digest.upperBound..<text.index(digest.upperBound, offsetBy: 4), with: "0000")
        try Files.write(Array(changed.utf8), to: path)
        #expect(throws: FileError.self) { try Self.run(options) }
    }

    @Test func badOptionsAreRefusedBeforeAnythingIsMade() throws {
        let folder = try TestFolder()
        let output = folder.path("new")
        func refused(_ change: (inout MethodsBenchmark.Options) -> Void) throws {
            var options = try Self.options(output)
            change(&options)
            #expect(throws: (any Error).self) { try Self.run(options) }
        }
        try refused { $0.seeds = 0 }
        try refused { $0.references = 1 }
        try refused { $0.replicates = 1 }
        try refused { $0.auditRecords = 1 }
        try refused { $0.testRecords = 0 }
        try refused { $0.requests = 1 }
        try refused { $0.settings = [] }
        try refused { $0.settings[1].name = "early-stopped" }
        try refused { $0.settings[1].users = 0 }
        try refused { $0.settings[0].policy = Array("version: 1\n".utf8) }
        let lines = DeskPolicy().yaml.split(separator: "\n", omittingEmptySubsequences: false)
        let without = lines.filter { !$0.hasPrefix("  random-label:") }.joined(separator: "\n")
        try refused { $0.settings[0].policy = Array(without.utf8) }  // no settings of random-label
        #expect(!Files.exists(output))
        try refused {
            $0.settings[1].policy = Self.policy { $0.replacing("maximumTokens: 96", with: "maximumTokens: 90") }
        }
        #expect(throws: EngineError.self) { try MethodsBenchmark.methods(named: "e2urec,nothing") }
        #expect(try MethodsBenchmark.methods(named: "e2urec, retrain") == ["retrain", "e2urec"])
        #expect(try MethodsBenchmark.methods(named: "all").count == 13)
    }

    @Test func theBuiltInSettingsHaveThePapersParametersAtItsModelsShape() throws {
        for yaml in [BuiltInPolicy.earlyStopped, BuiltInPolicy.memorising] {
            let policy = try Policy(yaml: yaml)
            let parameters = Dictionary(
                uniqueKeysWithValues: try Policy.MethodName.table.map { name in
                    let settings = try #require(policy.method(named: name))
                    let method = try policy.unlearningMethod(settings) {
                        ShardKeeping(key: [UInt8](repeating: 1, count: 32), code: "", checkpoints: MemoryCheckpoints())
                    }
                    return (name, try method.trainableParameters(of: MethodsBench.t5Base))
                })
            #expect(parameters[.e2urec] == 1_769_472 && parameters[.calibratedE2URec] == 1_769_472)
            #expect(parameters[.sisa] == 891_614_208 && parameters[.negGrad] == 222_903_552)
        }
    }

    // MARK: the search

    @Test func aSearchTriesEveryMethodEquallyOftenAndTrainsNoRetrainedModel() throws {
        let folder = try TestFolder()
        let options = try Self.options(
            folder.path, methods: ["original", "retrain", "sisa", "neggrad", "e2urec", "e2urec-calibrated"], seeds: 1)
        var began = 0
        func search(limit: Int = .max) throws -> MethodsSearch.Outcome? {
            try MethodsSearch(options, trials: 3, environment: Desk.environment()).run(shouldStop: { began >= limit }) {
                if case .job = $0 { began += 1 }
            }
        }
        #expect(try search(limit: 5) == nil)
        let outcome = try #require(try search())
        for setting in ["early-stopped", "memorising"] {
            for method in ["sisa", "neggrad", "e2urec", "e2urec-calibrated"] {
                #expect(outcome.trials.count { $0.setting == setting && $0.method == method } == 3)
                #expect(outcome.chosen.count { $0.setting == setting && $0.method == method } == 1)
            }
            let file = folder.path("benchmark-\(setting).yaml")
            let policy = try Policy(yaml: try Files.read(file, limit: 1 << 16))
            let chosen = try #require(outcome.chosen.first { $0.setting == setting && $0.method == "neggrad" })
            let fields = try #require(policy.method(named: .negGrad)).fields
            for (name, value) in chosen.changes {
                #expect(Double(fields.first { $0.name == name }?.value ?? "") == Double(value))
            }
        }
        // A base, and an original and augmented models in each setting: nothing that was trained without the forgotten records.
        let records = try Files.names(in: folder.path("cache")).filter {
            $0.hasPrefix("model-") && $0.hasSuffix(".json")
        }
        let stages = try records.map {
            String(decoding: try Files.read(Files.join(folder.path("cache"), $0), limit: 1 << 20), as: UTF8.self)
        }
        #expect(!stages.contains { $0.contains("\"stage\":\"retrain\"") })
        #expect(stages.count { $0.contains("\"stage\":\"original\"") } == 2)
        #expect(outcome.json["criterion"]?.stringValue == MethodsSearch.criterion)
        for trials in [0, 10] {
            #expect(throws: EngineError.self) {
                try MethodsSearch(options, trials: trials, environment: Desk.environment())
            }
        }
    }
}
