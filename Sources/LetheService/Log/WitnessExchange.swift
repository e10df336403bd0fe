import LetheCrypto
public import LetheLog
import LetheStore

/// An HTTP request that the service wants made; how is the edge's business.
public struct WebRequest: Sendable, Equatable {
    /// The URL: https, or http on a network of one's own.
    public let url: String
    /// The media type of the body.
    public let contentType: String
    /// What is posted.
    public let body: [UInt8]
    /// The most bytes that an answer may have.
    public let answerLimit: Int
    /// Further header fields, by name.
    public let headers: [String: String]
    /// Seconds until the whole answer must be there.
    public let seconds: Int
    /// Where the request may go.
    public let reach: Reach

    /// Where a request may go.
    public enum Reach: Sendable, Equatable {
        /// Wherever the operator's own configuration says.
        case anywhere
        /// To a URL that somebody else has chosen: https alone, without a proxy, and to no address that is not the public internet's,
        /// whatever the name resolves to.
        case publicInternet
    }

    /// A request.
    public init(
        url: String, contentType: String, body: [UInt8], answerLimit: Int, headers: [String: String] = [:],
        seconds: Int = 15, reach: Reach = .anywhere
    ) {
        self.url = url
        self.contentType = contentType
        self.body = body
        self.answerLimit = answerLimit
        self.headers = headers
        self.seconds = seconds
        self.reach = reach
    }
}

/// The answer to it.
public struct WebAnswer: Sendable, Equatable {
    /// The status code.
    public let status: Int
    /// The media type of the body; empty where none was named.
    public let contentType: String
    /// The body.
    public let body: [UInt8]

    /// An answer.
    public init(status: Int, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// Posts a request; throws `ServiceError.unreachable` where there is no answer.
public typealias WebPost = @Sendable (WebRequest) throws -> WebAnswer

/// A witness as its log knows it.
public struct WitnessEndpoint: Sendable, Equatable {
    /// The submission prefix: `add-checkpoint` is below it.
    public let url: String
    /// The keys that it may cosign with.
    public let keys: [NoteVerifier]

    /// A witness at `url`.
    public init(url: String, keys: [NoteVerifier]) {
        self.url = url
        self.keys = keys
    }
}

/// What became of asking one witness.
public struct WitnessOutcome: Sendable, Equatable {
    /// What it came to.
    public enum Result: Sendable, Equatable {
        /// It cosigned, with keys of these names.
        case cosigned([String])
        /// It answered and did not cosign.
        case refused(String)
        /// It did not answer.
        case unreachable(String)
    }

    /// Whom.
    public let url: String
    /// What.
    public let result: Result

    /// One line.
    public var line: String {
        switch result {
        case .cosigned(let names): "\(url): cosigned by \(names.joined(separator: ", "))"
        case .refused(let reason): "\(url): refused: \(reason)"
        case .unreachable(let reason): "\(url): unreachable: \(reason)"
        }
    }
}

/// Asks witnesses to cosign a stored checkpoint, and stores what they give.
struct WitnessExchange {
    let store: LedgerStore
    let post: WebPost

    /// How often a witness that names another size is asked again: once to learn its size, and once more should it move meanwhile.
    private static let attempts = 4

    /// Asks each witness in turn. The checkpoint with all cosignatures is stored after every answer.
    func cosign(_ note: SignedNote, _ witnesses: [WitnessEndpoint]) throws -> [WitnessOutcome] {
        let checkpoint = try Checkpoint(parsing: note.text)
        return try witnesses.map { witness in
            do {
                let lines = try ask(witness, note, checkpoint)
                try store.addCosignatures(lines, size: checkpoint.size, witnesses: witness.keys)
                return WitnessOutcome(url: witness.url, result: .cosigned(lines.map(\.name)))
            } catch let refusal as Refusal {
                return WitnessOutcome(url: witness.url, result: .refused(refusal.reason))
            } catch ServiceError.unreachable(_, let problem) {
                return WitnessOutcome(url: witness.url, result: .unreachable(problem))
            }
        }
    }

    private struct Refusal: Error { let reason: String }

    private func ask(
        _ witness: WitnessEndpoint, _ note: SignedNote, _ checkpoint: Checkpoint
    ) throws -> [NoteSignature] {
        let url = (witness.url.hasSuffix("/") ? String(witness.url.dropLast()) : witness.url) + "/add-checkpoint"
        // The log's own signatures; what others said is not the witness' business.
        let own = try SignedNote(
            text: note.text,
            signatures: note.signatures.filter { Array($0.name.utf8) == Array(checkpoint.origin.utf8) })
        var oldSize = try store.lastCosignedSize(below: checkpoint.size, by: witness.keys)
        if oldSize == checkpoint.size {
            return note.signatures.filter { line in witness.keys.contains { $0.isNamed(by: line) } }
        }
        for _ in 0..<Self.attempts {
            let proof =
                oldSize == 0 || oldSize == checkpoint.size
                ? [] : try store.consistencyProof(from: oldSize, to: checkpoint.size)
            let request = WitnessRequest(oldSize: oldSize, proof: proof, note: own)
            let answer = try post(
                WebRequest(
                    url: url, contentType: "text/plain; charset=utf-8", body: request.bytes,
                    answerLimit: WitnessAnswer.maximumByteCount))
            switch WitnessAnswer(
                status: answer.status, contentType: answer.contentType, body: answer.body, to: request,
                witnesses: witness.keys)
            {
            case .cosigned(let lines): return lines
            case .refused(let status, let reason):
                throw Refusal(reason: "status \(status): \(Printable.quoted(reason))")
            case .stale(let size) where size == oldSize:
                throw Refusal(reason: "it has cosigned another root at size \(size): the log shows two histories")
            case .stale(let size) where size > checkpoint.size:
                throw Refusal(
                    reason: "it has cosigned size \(size), this log is at \(checkpoint.size): it was rolled back")
            case .stale(let size): oldSize = size
            }
        }
        throw Refusal(reason: "its size changes faster than it can be asked")
    }
}
