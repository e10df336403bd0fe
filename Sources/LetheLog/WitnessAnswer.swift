// What a log makes of a witness' answer (C2SP tlog-witness, the client's side).

/// A witness' answer to a request.
public enum WitnessAnswer: Sendable, Equatable {
    /// Cosignatures of the checkpoint that was sent, all verified.
    case cosigned([NoteSignature])
    /// The witness knows the log at another size: try again from there.
    case stale(size: UInt64)
    /// It does not cosign, and says why.
    case refused(status: Int, reason: String)

    /// Answers above this size are refused unread.
    public static let maximumByteCount = 64 * 1024

    /// Reads an answer.
    ///
    /// - Parameters:
    ///   - request: what was sent.
    ///   - witnesses: the keys that the witness is known by; lines by others are ignored.
    public init(status: Int, contentType: String, body: [UInt8], to request: WitnessRequest, witnesses: [NoteVerifier])
    {
        let isSize =
            contentType.lowercased().split(separator: ";").first.map { $0.filter { $0 != " " } } == "text/x.tlog.size"
        switch status {
        case 200: self = Self.cosignatures(body, of: request, by: witnesses)
        case 409 where isSize:
            guard body.last == UInt8(ascii: "\n"), let size = Checkpoint.decimal(body.dropLast()) else {
                self = .refused(status: status, reason: "expected a tree size and a newline")
                return
            }
            self = .stale(size: size)
        default:
            let line = body.prefix { $0 != UInt8(ascii: "\n") }.prefix(200)
            self = .refused(status: status, reason: String(decoding: line, as: UTF8.self))
        }
    }

    private static func cosignatures(
        _ body: [UInt8], of request: WitnessRequest, by witnesses: [NoteVerifier]
    ) -> WitnessAnswer {
        func refused(_ reason: String) -> WitnessAnswer { .refused(status: 200, reason: reason) }
        guard body.last == UInt8(ascii: "\n") else { return refused("the last byte is not a newline") }
        var known: [NoteSignature] = []
        for line in body.dropLast().split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard let signature = NoteSignature(line: line) else { return refused("a line is no note signature") }
            if witnesses.contains(where: { $0.kind == .cosignatureV1 && $0.isNamed(by: signature) }) {
                known.append(signature)
            }
        }
        guard !known.isEmpty else { return refused("no cosignature by a key that is expected of this witness") }
        do {
            _ = try SignedNote(text: request.note.text, signatures: known).verify(with: witnesses)
        } catch { return refused("\(error)") }
        return .cosigned(known)
    }
}
