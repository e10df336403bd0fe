extension AuditReport {
    /// A value with its confidence interval, if it has one.
    public struct Estimate: Sendable, Equatable, ExpressibleByFloatLiteral {
        /// The point estimate.
        public var value: Double
        /// Lower end of the interval.
        public var lower: Double?
        /// Upper end of the interval.
        public var upper: Double?

        /// Makes an estimate.
        public init(_ value: Double, lower: Double? = nil, upper: Double? = nil) {
            self.value = value
            self.lower = lower
            self.upper = upper
        }

        /// Makes an estimate without an interval.
        public init(floatLiteral value: Double) {
            self.init(value)
        }
    }

    /// One gate of the decision rule.
    public struct Gate: Sendable, Equatable {
        /// What came of a gate.
        public enum Outcome: String, Sendable, Equatable, CaseIterable {
            /// Measured and passed.
            case passed
            /// Measured and not passed.
            case failed
            /// Measured, but the interval reaches over the threshold.
            case inconclusive
            /// Not measured.
            case notMeasured = "not_measured"
        }

        /// Short identifier: "G1".
        public var id: String
        /// What the gate asks, in words: "Does it still remember?"
        public var question: String
        /// The statistic's name: "relative residual memorisation, 90% interval".
        public var statistic: String
        /// The measured value, if there is one.
        public var value: Estimate?
        /// The threshold in words: "inside −0.20 to +0.20".
        public var threshold: String
        /// What came of it.
        public var outcome: Outcome

        /// Makes a gate.
        public init(
            id: String, question: String, statistic: String, value: Estimate?, threshold: String, outcome: Outcome
        ) {
            self.id = id
            self.question = question
            self.statistic = statistic
            self.value = value
            self.threshold = threshold
            self.outcome = outcome
        }
    }

    /// How far the original and the unlearned model are from the retrained ones, in one metric.
    public struct Distance: Sendable, Equatable {
        /// Short identifier, for figures: "JSD".
        public var symbol: String
        /// The metric's name: "Jensen–Shannon divergence".
        public var name: String
        /// The unit: "nats", "logits"; may be empty.
        public var unit: String
        /// Mean distance of the original model to the retrained ones.
        public var original: Estimate
        /// Mean distance of the unlearned model to the retrained ones.
        public var unlearned: Estimate
        /// Mean distance of the retrained models to each other: the noise floor. Its interval is the shaded band.
        public var noiseFloor: Estimate

        /// Makes a comparison in one metric.
        public init(
            symbol: String, name: String, unit: String = "", original: Estimate, unlearned: Estimate,
            noiseFloor: Estimate
        ) {
            self.symbol = symbol
            self.name = name
            self.unit = unit
            self.original = original
            self.unlearned = unlearned
            self.noiseFloor = noiseFloor
        }
    }

    /// The relative three-sample test in one metric: is the model after the run nearer to retrained models than to the original?
    public struct RelativeTest: Sendable, Equatable {
        /// How the test came out at the 5% level.
        public enum Finding: String, Sendable, Equatable, CaseIterable {
            /// Nearer to retrained models, beyond chance.
            case nearerToRetrained = "nearer_to_retrained"
            /// Nearer to the original, beyond chance.
            case nearerToOriginal = "nearer_to_original"
            /// Neither.
            case undecided
        }

        /// Short symbol: "JSD".
        public var symbol: String
        /// The metric's full name.
        public var name: String
        /// The distance to the original minus the distance to retrained models.
        public var difference: Estimate
        /// The probability of so large a difference if the model is no nearer to retrained models.
        public var pValue: Double
        /// How the test came out.
        public var finding: Finding

        /// Makes a test in one metric.
        public init(symbol: String, name: String, difference: Estimate, pValue: Double, finding: Finding) {
            self.symbol = symbol
            self.name = name
            self.difference = difference
            self.pValue = pValue
            self.finding = finding
        }
    }

    /// How many of the forgotten people an attack by likelihood ratio calls members of the training data (U-LiRA).
    public struct LikelihoodRatio: Sendable, Equatable {
        /// The forgotten people.
        public var people: Int
        /// Models trained with them for this test.
        public var originals: Int
        /// The share that the original gives away.
        public var original: Double
        /// The share that the unlearned model gives away.
        public var unlearned: Double
        /// The share that retrained models give away, by which the attack's threshold is set.
        public var retrained: Double
        /// The unlearned model's share minus the retrained models'.
        public var excess: Estimate
        /// The original's share minus the retrained models'.
        public var originalExcess: Estimate
        /// Below what the excess has to lie; nil where it is information.
        public var margin: Double?

        /// Makes a test.
        public init(
            people: Int, originals: Int, original: Double, unlearned: Double, retrained: Double, excess: Estimate,
            originalExcess: Estimate, margin: Double?
        ) {
            self.people = people
            self.originals = originals
            self.original = original
            self.unlearned = unlearned
            self.retrained = retrained
            self.excess = excess
            self.originalExcess = originalExcess
            self.margin = margin
        }
    }

    /// How far models lean to the answers of the people of whom most is left in them.
    public struct WorstUsers: Sendable, Equatable {
        /// How many people are the worst 5%.
        public var users: Int
        /// The mean over the original's worst, in logits.
        public var original: Double
        /// The mean over the unlearned model's worst.
        public var unlearned: Double
        /// The mean over each retrained model's worst: the mean of these, and their range.
        public var retrained: Estimate

        /// Makes a comparison.
        public init(users: Int, original: Double, unlearned: Double, retrained: Estimate) {
            self.users = users
            self.original = original
            self.unlearned = unlearned
            self.retrained = retrained
        }
    }

    /// Scores of the models on one set of records.
    public struct Performance: Sendable, Equatable {
        /// The set in words: "Test records of people who stay".
        public var records: String
        /// Number of records.
        public var count: Int
        /// Scores of the original model.
        public var original: Scores
        /// Scores of the unlearned model.
        public var unlearned: Scores
        /// Mean scores of the retrained models; intervals are their range.
        public var retrained: Scores

        /// Makes a comparison of scores.
        public init(records: String, count: Int, original: Scores, unlearned: Scores, retrained: Scores) {
            self.records = records
            self.count = count
            self.original = original
            self.unlearned = unlearned
            self.retrained = retrained
        }
    }

    /// How well a model ranks, decides and predicts.
    public struct Scores: Sendable, Equatable {
        /// Area under the ROC curve.
        public var areaUnderROC: Estimate
        /// Share of right decisions.
        public var accuracy: Estimate
        /// Mean negative log-likelihood, in nats.
        public var logLoss: Estimate

        /// Makes a set of scores.
        public init(areaUnderROC: Estimate, accuracy: Estimate, logLoss: Estimate) {
            self.areaUnderROC = areaUnderROC
            self.accuracy = accuracy
            self.logLoss = logLoss
        }
    }

    /// How probable the models find the true answers of the forgotten records.
    public struct ProbabilityShift: Sendable, Equatable {
        /// Under the original model.
        public var original: Distribution
        /// Under the unlearned model.
        public var unlearned: Distribution
        /// Under the mean of the retrained models.
        public var retrained: Distribution

        /// Makes a comparison of distributions.
        public init(original: Distribution, unlearned: Distribution, retrained: Distribution) {
            self.original = original
            self.unlearned = unlearned
            self.retrained = retrained
        }
    }

    /// A histogram over 0...1 with its mean: all that the report keeps of per-record scores.
    public struct Distribution: Sendable, Equatable {
        /// Counts in equal bins over 0...1.
        public var counts: [Int]
        /// Mean of the values.
        public var mean: Double

        /// Makes a distribution from counts.
        public init(counts: [Int], mean: Double) {
            self.counts = counts
            self.mean = mean
        }

        /// Makes a distribution of probabilities; values that are not within 0...1 are left out.
        public init(of probabilities: some Sequence<Double>, bins: Int = 25) {
            precondition(bins > 0, "a histogram needs at least one bin, not \(bins)")
            var counts = [Int](repeating: 0, count: bins)
            var sum = 0.0
            var total = 0
            for probability in probabilities where probability >= 0 && probability <= 1 {
                counts[min(Int(probability * Double(bins)), bins - 1)] += 1
                sum += probability
                total += 1
            }
            self.init(counts: counts, mean: total == 0 ? .nan : sum / Double(total))
        }
    }

    /// A family of lines over a common axis.
    public struct Curve: Sendable, Equatable {
        /// What the figure shows.
        public var title: String
        /// Label of the horizontal axis.
        public var horizontalAxis: String
        /// Label of the vertical axis.
        public var verticalAxis: String
        /// The lines; the first three keep apart in colour.
        public var lines: [Line]

        /// Makes a figure of lines.
        public init(title: String, horizontalAxis: String, verticalAxis: String, lines: [Line]) {
            self.title = title
            self.horizontalAxis = horizontalAxis
            self.verticalAxis = verticalAxis
            self.lines = lines
        }
    }

    /// A named line.
    public struct Line: Sendable, Equatable {
        /// The line's name.
        public var name: String
        /// Its points from left to right; points that are not finite are left out.
        public var points: [Point]

        /// Makes a line.
        public init(name: String, points: [Point]) {
            self.name = name
            self.points = points
        }
    }

    /// A point of a line.
    public struct Point: Sendable, Equatable {
        /// Horizontal position.
        public var x: Double
        /// Vertical position.
        public var y: Double

        /// Makes a point.
        public init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }
}
