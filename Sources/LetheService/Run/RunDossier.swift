import Foundation
import LetheBytes
import LetheRequests

/// What a workspace keeps of a run beside the log, so that a later command can go on with it and a report can show it.
///
/// Nothing here is trusted: every digest stands in the log, and `measurements` is bound to it by its own digest.
public struct RunDossier: Codable, Sendable, Equatable {
    /// A name with a value, in an order worth keeping.
    public struct Parameter: Codable, Sendable, Equatable {
        /// The name.
        public var name: String
        /// The value as text.
        public var value: String
    }

    /// A stage and how long it took.
    public struct Step: Codable, Sendable, Equatable {
        /// The stage's name.
        public var name: String
        /// Its duration.
        public var seconds: Double
    }

    /// A model that the run made, by digest.
    public struct ModelDigestRecord: Codable, Sendable, Equatable {
        /// The digest of the model's folder, hexadecimal.
        public var digest: String
        /// The seed of its training order.
        public var seed: UInt64
        /// Mean validation loss after each epoch, where it was measured; else the training loss.
        public var losses: [Double]
    }

    /// Something that remembered the forgotten data.
    public struct ResidueRecord: Codable, Sendable, Equatable {
        /// What it was.
        public var kind: String
        /// The digest it had, hexadecimal.
        public var digest: String
        /// What became of it.
        public var fate: String
    }

    /// The checkpoint that seeds were drawn from.
    public struct Checkpoint: Codable, Sendable, Equatable {
        /// Entries in the tree.
        public var size: UInt64
        /// Root hash, hexadecimal.
        public var root: String
    }

    /// The place of a run's method on the policy's ladder.
    public struct LadderPlace: Codable, Sendable, Equatable {
        /// The place, from 1.
        public var number: Int
        /// How many methods the ladder has.
        public var count: Int
        /// Why it was the next: first, failed, inconclusive, larger-batch, deadline or again.
        public var reason: String

        init(_ step: LadderStep) { (number, count, reason) = (step.number, step.count, step.reason.rawValue) }

        /// As the log has it beside the run's inputs.
        var json: JSONValue {
            ["number": .string("\(number)"), "count": .string("\(count)"), "reason": .string(reason)]
        }
    }

    /// The run.
    public var runID: String
    /// The method's name.
    public var method: String
    /// The method's hyper-parameters.
    public var parameters: [Parameter]
    /// Where the method stands on the policy's ladder; nil where it has none or the method was named.
    public var ladder: LadderPlace?
    /// The requests it answers.
    public var requests: [String]
    /// Training records of each request's subject, in the order of `requests`.
    public var recordsRemoved: [Int]
    /// Training records before.
    public var recordsBefore: Int
    /// Roots of the training records before and after, hexadecimal.
    public var datasetBefore: String
    /// Root of the training records after, hexadecimal.
    public var datasetAfter: String
    /// The commitment to each request's records, in the order of `requests`, hexadecimal.
    public var recordsCommitments: [String]
    /// Digest of the base model.
    public var baseDigest: String
    /// Digest of the original model.
    public var originalDigest: String
    /// Digest of the candidate.
    public var candidateDigest: String?
    /// Parameters that were trained.
    public var trainableParameters: Int?
    /// Where the run's seeds came from.
    public var seeds: Checkpoint?
    /// Where the references' seeds came from.
    public var referenceSeeds: Checkpoint?
    /// The retrained models.
    public var references: [ModelDigestRecord]
    /// Further originals, trained for the membership test by user and destroyed, by the digest of their weights; nil where there were none.
    public var membershipOriginals: [ModelDigestRecord]?
    /// What was left behind.
    public var residue: [ResidueRecord]
    /// Durations.
    public var steps: [Step]
    /// When the run began, RFC 3339.
    public var startedAt: String
    /// When its candidate was committed, RFC 3339.
    public var unlearnedAt: String?
    /// When it was judged, RFC 3339.
    public var verifiedAt: String?
    /// Entry of the forgetting test in the log.
    public var testResultEntry: UInt64?

    /// Writes the dossier atomically.
    func write(to folder: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        try Files.write([UInt8](try encoder.encode(self)) + [0x0A], to: Self.path(in: folder))
    }

    /// Reads the dossier of a run's folder.
    static func read(from folder: String) throws -> RunDossier {
        let path = Self.path(in: folder)
        do {
            return try JSONDecoder().decode(
                RunDossier.self, from: Data(try Files.read(path, limit: 1 << 26)))
        } catch let error as DecodingError {
            throw ServiceError.workspaceDamaged(file: path, problem: "not a run's dossier: \(error.oneLine)")
        }
    }

    private static func path(in folder: String) -> String { Files.join(folder, "run.json") }
}

extension DecodingError {
    /// Where decoding stopped, and why, in one line.
    var oneLine: String {
        switch self {
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .keyNotFound(_, let context),
            .dataCorrupted(let context):
            let path = context.codingPath.map(\.stringValue).joined(separator: ".")
            return "\(path.isEmpty ? "the document" : path): \(context.debugDescription)"
        @unknown default: return "\(self)"
        }
    }
}
