package import LetheCrypto
import LetheLog
import LetheRequests
package import LetheStatements
package import LetheStore

/// A kept checkpoint with what others say of it, each judged by the keys and certificates that the workspace knows.
package struct VouchedCheckpoint: Sendable {
    /// A signature line.
    package struct Signature: Sendable {
        /// The name of the key, as the line has it.
        package let name: String
        /// Whose it is.
        package let signer: Signer
        /// When a witness says that it saw the checkpoint; nil for the log's own key, which states no time.
        package let at: Timestamp?
    }

    /// Whose a signature line is.
    package enum Signer: String, Sendable {
        /// The log's own key, and it verifies.
        case log
        /// A witness that the workspace knows, and it verifies.
        case witness
        /// A key that the workspace does not know: it says nothing.
        case unknown
        /// A known key's, and it does not verify.
        case forged
    }

    /// An RFC 3161 timestamp.
    package struct Stamp: Sendable {
        /// SHA-256 of the certificate that signed it.
        package let authority: Digest
        /// The authority's name in the policy; nil where that does not name it.
        package let name: String?
        /// The time; nil where the stamp does not verify under a certificate that the workspace has.
        package let at: Timestamp?
    }

    /// What is kept.
    package let kept: LedgerStore.KeptCheckpoint
    /// The signature lines, in their order.
    package let signatures: [Signature]
    /// The timestamps.
    package let stamps: [Stamp]
    /// Whether it has the cosignatures and timestamps that the workspace demands of what others may see.
    package let isVouched: Bool
}

extension Workspace {
    /// The kept checkpoints, the largest first.
    ///
    /// - Parameters:
    ///   - size: where given, only those over fewer entries.
    ///   - limit: at most so many.
    package func vouchedCheckpoints(below size: UInt64? = nil, limit: Int) throws -> [VouchedCheckpoint] {
        try judged(store.checkpoints(below: size, limit: limit))
    }

    /// The kept checkpoint over `size` entries; nil where there is none.
    package func vouchedCheckpoint(size: UInt64) throws -> VouchedCheckpoint? {
        try judged([store.keptCheckpoint(size: size)].compactMap(\.self)).first
    }

    private func judged(_ kept: [LedgerStore.KeptCheckpoint]) throws -> [VouchedCheckpoint] {
        let (logs, witnesses) = (try logVerifiers(), try knownWitnesses())
        let policy = try witnessPolicy()
        // A certificate that is missing makes its stamps unverified here; what demands them fails where it is demanded.
        let authorities = (try? timestampAuthorities()) ?? []
        let named = (try? namedAuthorities()) ?? []
        return try kept.map { kept in
            VouchedCheckpoint(
                kept: kept,
                signatures: kept.note.signatures.map {
                    Self.judge($0, of: kept.note, logs: logs, witnesses: witnesses)
                },
                stamps: kept.timestamps.map { Self.judge($0, of: kept.note, by: authorities, named: named) },
                isVouched: try isVouched(kept.note, by: policy))
        }
    }

    private static func judge(
        _ line: NoteSignature, of note: SignedNote, logs: [NoteVerifier], witnesses: [NoteVerifier]
    ) -> VouchedCheckpoint.Signature {
        guard let key = (logs + witnesses).first(where: { $0.isNamed(by: line) }) else {
            return VouchedCheckpoint.Signature(name: line.name, signer: .unknown, at: nil)
        }
        guard let alone = try? SignedNote(text: note.text, signatures: [line]),
            let verified = (try? alone.verify(with: [key]))?.first
        else { return VouchedCheckpoint.Signature(name: line.name, signer: .forged, at: nil) }
        return VouchedCheckpoint.Signature(
            name: line.name, signer: logs.contains(key) ? .log : .witness,
            at: verified.cosignedAt.flatMap { try? Timestamp(secondsSinceEpoch: Int64(clamping: $0)) })
    }

    private static func judge(
        _ stamp: LedgerStore.StoredTimestamp, of note: SignedNote, by authorities: [TimestampAuthority],
        named: [(named: Policy.Timestamping.Authority, trusted: TimestampAuthority)]
    ) -> VouchedCheckpoint.Stamp {
        let imprint = LedgerStore.timestampImprint(ofCheckpoint: note.text)
        func verified(_ authority: TimestampAuthority) -> VerifiedTimestamp? {
            try? authority.verify(stamp.response, imprint: imprint)
        }
        return VouchedCheckpoint.Stamp(
            authority: stamp.authority, name: named.first { verified($0.trusted) != nil }?.named.name,
            at: (named.map(\.trusted) + authorities).lazy.compactMap(verified).first.flatMap {
                try? Timestamp(secondsSinceEpoch: $0.seconds)
            })
    }
}
