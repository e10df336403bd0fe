public import LetheBytes

/// What a repetition of a run came to: every digest that was committed, beside what the repetition has.
public struct ReplayOutcome: Sendable, Equatable {
    /// One thing that was committed.
    public struct Comparison: Sendable, Equatable {
        /// What it is, such as `reference 2`.
        public let artifact: String
        /// What the log says of it: a digest, or a short value.
        public let committed: String
        /// What the repetition has, or what was found in the run's folder.
        public let found: String
        /// Where the two part, as narrowly as what is there allows; empty where they are equal.
        public let places: [String]

        /// Whether nothing differs.
        public var isEqual: Bool { committed == found }

        init(_ artifact: String, committed: String, found: String, places: [String] = []) {
            self.artifact = artifact
            self.committed = committed
            self.found = found
            self.places = committed == found ? [] : places
        }
    }

    /// The run.
    public let run: String
    /// Its method.
    public let method: String
    /// The threads that the repetition ran on.
    public let threads: Int
    /// Everything compared, in the order in which a run makes it.
    public let comparisons: [Comparison]
    /// What no repetition can compare, or this one did not.
    public let notCompared: [String]
    /// What was verified before anything was computed; nothing in a workspace, which `lethe log audit` verifies.
    public internal(set) var verified: [String] = []

    /// Whether everything is equal, bit for bit.
    public var holds: Bool { comparisons.allSatisfy(\.isEqual) }

    /// Everything as JSON.
    public var json: JSONValue {
        [
            "run": .string(run), "method": .string(method), "threads": .string("\(threads)"), "equal": .bool(holds),
            "verified": .array(verified.map { .string($0) }),
            "comparisons": .array(
                comparisons.map {
                    [
                        "artifact": .string($0.artifact), "committed": .string($0.committed),
                        "found": .string($0.found), "equal": .bool($0.isEqual),
                        "places": .array($0.places.map { .string($0) }),
                    ]
                }), "notCompared": .array(notCompared.map { .string($0) }),
        ]
    }

    /// Everything for people: one line a digest, and under each that differs where it does.
    public var text: String {
        let width = comparisons.map(\.artifact.count).max() ?? 0
        let lines = comparisons.flatMap { comparison -> [String] in
            let name = comparison.artifact + String(repeating: " ", count: width - comparison.artifact.count)
            guard !comparison.isEqual else { return ["equal         \(name)  \(comparison.committed)"] }
            return ["DIFFERS       \(name)  committed \(comparison.committed), found \(comparison.found)"]
                + comparison.places.map { "                \($0)" }
        }
        let differing = comparisons.count { !$0.isEqual }
        let result =
            differing == 0
            ? "all \(comparisons.count) equal, bit for bit" : "\(differing) of \(comparisons.count) differ"
        return
            (["run           \(run), \(method), repeated on \(threads) thread\(threads == 1 ? "" : "s")"]
            + verified.map { "verified      \($0)" } + lines
            + notCompared.map { "not compared  \($0)" } + ["result        \(result)"]).joined(separator: "\n")
    }
}
