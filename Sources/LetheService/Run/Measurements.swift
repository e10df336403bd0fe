import Foundation
import LetheBytes
import LetheCrypto
import LetheVerification

/// What verification measured, as a file whose digest is in the log.
///
/// Per-record values appear as histograms only: the file may be handed to an auditor.
public struct Measurements: Codable, Sendable, Equatable {
    /// A value with its confidence interval.
    public struct Value: Codable, Sendable, Equatable {
        /// The point estimate.
        public var value: Double
        /// Lower end of the interval.
        public var lower: Double?
        /// Upper end of the interval.
        public var upper: Double?

        init(_ value: Double) { self.value = value }

        init(_ estimate: Estimate) {
            value = estimate.value
            lower = estimate.interval?.lower
            upper = estimate.interval?.upper
        }
    }

    /// One gate of the decision rule.
    public struct Gate: Codable, Sendable, Equatable {
        /// Its name in the decision rule, such as G1.
        public var gate: String
        /// The statistic's name.
        public var statistic: String
        /// The measured value.
        public var value: Value?
        /// What is accepted, in words.
        public var threshold: String
        /// Lower bound of what is accepted; nil where there is none.
        public var acceptedAbove: Double?
        /// Upper bound of what is accepted; nil where there is none.
        public var acceptedBelow: Double?
        /// passed, failed or undecided.
        public var outcome: String
        /// The gate's finding in a sentence.
        public var explanation: String
    }

    /// Distances by one measure.
    public struct Distance: Codable, Sendable, Equatable {
        /// jsd, symmetric_kl or l2.
        public var divergence: String
        /// vocabulary or answers.
        public var space: String
        /// Original to retrained.
        public var original: Value
        /// Unlearned to retrained.
        public var unlearned: Value
        /// Retrained to retrained: the noise floor.
        public var floor: Value?
    }

    /// The relative three-sample test by one measure.
    public struct RelativeTest: Codable, Sendable, Equatable {
        /// jsd, symmetric_kl or l2.
        public var divergence: String
        /// vocabulary or answers.
        public var space: String
        /// Unlearned to original.
        public var toOriginal: Double
        /// Unlearned to retrained.
        public var toRetrained: Double
        /// The first minus the second.
        public var difference: Value
        /// The probability of so large a difference where there is none.
        public var pValue: Double
        /// nearer-to-retrained, nearer-to-original or undecided, at the 5% level.
        public var finding: String
    }

    /// A membership test by loss, for information beside G3.
    public struct Membership: Codable, Sendable, Equatable {
        /// The attack on one model.
        public struct Attack: Codable, Sendable, Equatable {
            /// Area under the ROC curve; 0.5 is blind.
            public var auc: Double
            /// Largest true-positive minus false-positive rate.
            public var advantage: Double
            /// True-positive rate at a false-positive rate of at most 1%.
            public var rateAtOnePercent: Double
        }

        /// record or user: what is scored.
        public var unit: String
        /// Forgotten ones.
        public var forgotten: Int
        /// Ones that no model was trained on.
        public var control: Int
        /// The original.
        public var original: Attack
        /// The unlearned model.
        public var unlearned: Attack
        /// Each retrained model.
        public var retrained: [Attack]
        /// AUC of the unlearned model minus the retrained models' mean.
        public var difference: Value
    }

    /// How often people are called members by their likelihood ratio (U-LiRA).
    public struct LikelihoodRatio: Codable, Sendable, Equatable {
        /// Forgotten people.
        public var users: Int
        /// Further originals that it was held against.
        public var originals: Int
        /// The share of people whom the unlearned model gives away.
        public var unlearned: Double
        /// The same of the original.
        public var original: Double
        /// The same of the retrained models: at most 1%, by which the threshold is set.
        public var retrained: Double
        /// The first minus the last.
        public var excess: Value
        /// The original's minus the last.
        public var originalExcess: Value
        /// The most that passes; nil where it is information.
        public var margin: Double?
    }

    /// The people of whom most is left: means over them, never one of them.
    public struct WorstUsers: Codable, Sendable, Equatable {
        /// How many people are the worst 5%.
        public var users: Int
        /// Shift of the unlearned model's margins towards their answers, logits.
        public var unlearned: Double
        /// The same of the original, over its own worst.
        public var original: Double
        /// The same of each retrained model, over its own worst.
        public var retrained: [Double]
    }

    /// Scores of one model on one set of records.
    public struct Scores: Codable, Sendable, Equatable {
        /// Area under the ROC curve.
        public var auc: Double
        /// Share of right decisions.
        public var accuracy: Double
        /// Mean negative log-likelihood, nats.
        public var logLoss: Double
    }

    /// Scores of all models on one set of records.
    public struct Performance: Codable, Sendable, Equatable {
        /// The set in words.
        public var records: String
        /// Its size.
        public var count: Int
        /// The original.
        public var original: Scores
        /// The unlearned model.
        public var unlearned: Scores
        /// Each retrained model.
        public var retrained: [Scores]
    }

    /// A histogram of the probability of the gold answer over forgotten records.
    public struct Histogram: Codable, Sendable, Equatable {
        /// Counts in equal bins over 0...1.
        public var counts: [Int]
        /// The mean probability.
        public var mean: Double
    }

    /// The verdict's wire name.
    public var verdict: String
    /// What may be claimed, and no more.
    public var claim: String
    /// Why the verdict is not better.
    public var reasons: [String]
    /// The gates.
    public var gates: [Gate]
    /// What was not measured, with the reason.
    public var notAssessed: [RunDossier.Parameter]
    /// Distances on forgotten records.
    public var distances: [Distance]
    /// The relative three-sample tests; nil in files of versions that had none.
    public var relativeTests: [RelativeTest]?
    /// Membership tests of records and of people; nil where G3 was not measured.
    public var membership: [Membership]?
    /// U-LiRA by person; nil where the policy asks for no further originals.
    public var likelihoodRatio: LikelihoodRatio?
    /// The worst 5% of people; nil in files of versions that did not look, and for at most twenty people.
    public var worstUsers: WorstUsers?
    /// RRM.
    public var residualMemory: Value?
    /// Scores on sets of records.
    public var performance: [Performance]
    /// Probability of the gold answer: original, unlearned, mean retrained.
    public var goldProbability: [Histogram]
    /// Forgotten records audited.
    public var auditRecords: Int
    /// Forgotten users audited.
    public var auditSubjects: Int
    /// Reference models.
    public var references: Int
    /// Share of references that would pass as candidates.
    public var power: Double?
    /// Share of references that would pass G3 as candidates; nil where G3 was not measured.
    public var membershipPower: Double?
    /// Largest |RRM| that passes.
    public var residualMargin: Double
    /// Level of the tests.
    public var alpha: Double

    /// The bytes that are written and whose digest is logged.
    func bytes() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return [UInt8](try encoder.encode(self)) + [0x0A]
    }

    /// Writes the file and returns its digest.
    func write(to folder: String) throws -> Digest {
        let bytes = try bytes()
        try Files.write(bytes, to: Self.path(in: folder))
        return Digest(sha256: bytes)
    }

    /// Reads the file of a run's folder and checks it against the digest in the log.
    static func read(from folder: String, expecting digest: Digest) throws -> Measurements {
        let path = Self.path(in: folder)
        let bytes = try Files.read(path, limit: 1 << 26)
        let found = Digest(sha256: bytes)
        guard found == digest else {
            throw ServiceError.workspaceDamaged(
                file: path, problem: "not the measurements in the log: expected SHA-256 \(digest), found \(found)")
        }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        do {
            return try decoder.decode(Measurements.self, from: Data(bytes))
        } catch let error as DecodingError {
            throw ServiceError.workspaceDamaged(file: path, problem: "not measurements: \(error.oneLine)")
        }
    }

    private static func path(in folder: String) -> String { Files.join(folder, "measurements.json") }
}
