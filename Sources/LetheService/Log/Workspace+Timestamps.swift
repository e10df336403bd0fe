import LetheBytes
public import LetheCrypto
public import LetheLog
import LetheRequests
import LetheStore

extension Workspace {
    /// The authorities whose certificates lie in the workspace's folder `timestamping`.
    /// - Throws: `ServiceError.workspaceDamaged` for a file that is no certificate.
    public func timestampAuthorities() throws -> [TimestampAuthority] {
        guard Files.kind(paths.timestamping) == .folder else { return [] }
        _ = try namedAuthorities()
        return try Files.names(in: paths.timestamping).filter { $0.hasSuffix(".pem") }.map { name in
            let path = Files.join(paths.timestamping, name)
            do {
                return try TimestampAuthority(pem: Files.read(path, limit: TimestampAuthority.maximumByteCount))
            } catch let error as TimestampingError {
                throw ServiceError.workspaceDamaged(file: path, problem: "\(error)")
            }
        }
    }

    /// The authorities that the policy names, with the certificates that it fixes.
    /// - Throws: `ServiceError.workspaceDamaged` where a certificate is missing or is not the one in the policy.
    func namedAuthorities() throws -> [(named: Policy.Timestamping.Authority, trusted: TimestampAuthority)] {
        try (policy.timestamping?.authorities ?? []).map { named in
            let path = Files.join(paths.timestamping, named.name + ".pem")
            do {
                let bytes = try Files.read(path, limit: TimestampAuthority.maximumByteCount)
                let found = Digest(sha256: bytes)
                guard found == named.certificate else {
                    throw ServiceError.workspaceDamaged(
                        file: path, problem: "expected SHA-256 \(named.certificate) as in the policy, found \(found)")
                }
                return (named, try TimestampAuthority(pem: bytes))
            } catch let error as TimestampingError {
                throw ServiceError.workspaceDamaged(file: path, problem: "\(error)")
            }
        }
    }

    /// What became of having a checkpoint stamped as the policy says.
    public struct Stamping: Sendable, Equatable {
        /// What the policy demands, in words.
        public let demand: String
        /// One line for each authority that did not stamp it.
        public let failures: [String]
        /// Whether the policy's minimum is reached.
        public let isMet: Bool
        /// Whether it would be, had every authority answered.
        public let couldBeMet: Bool
    }

    /// Has a stored checkpoint, the newest where none is given, stamped by those authorities of the policy that have not done so.
    ///
    /// - Returns: what came of it; a missed minimum is no error here; nil where the policy asks for no time.
    public func stampAsThePolicySays(_ checkpoint: SignedNote? = nil) throws -> Stamping? {
        guard let wanted = policy.timestamping else { return nil }
        let note = try checkpoint ?? self.checkpoint()
        let authorities = try namedAuthorities()
        var missing = try lackingStamps(of: note, among: authorities)
        var failures: [String] = []
        var silent = 0
        for (named, trusted) in missing {
            do {
                _ = try stamp(note, at: named.url, trusting: [trusted])
                missing.removeAll { $0.named == named }
            } catch let error as ServiceError {
                if case .unreachable = error { silent += 1 }
                failures.append("\(named.name): \(error)")
            } catch let error as StoreError where !error.isMachineFailure {
                failures.append("\(named.name): \(error)")
            } catch let error as TimestampingError { failures.append("\(named.name): \(error)") }
        }
        let count = authorities.count - missing.count
        return Stamping(
            demand: wanted.demand, failures: failures, isMet: count >= wanted.minimum,
            couldBeMet: count + silent >= wanted.minimum)
    }

    /// Has `note` stamped as the policy says.
    /// - Throws: `ServiceError.timestampsMissed`; what was stamped is kept.
    func requireStamps(of note: SignedNote) throws {
        guard let stamping = try stampAsThePolicySays(note), !stamping.isMet else { return }
        throw ServiceError.timestampsMissed(
            demand: stamping.demand, outcomes: stamping.failures, isMachineFailure: stamping.couldBeMet)
    }

    /// Whether as many of the policy's authorities as it demands have stamped `note`; asks nobody.
    func hasStamps(_ note: SignedNote) throws -> Bool {
        guard let wanted = policy.timestamping else { return true }
        let authorities = try namedAuthorities()
        return try authorities.count - lackingStamps(of: note, among: authorities).count >= wanted.minimum
    }

    private func lackingStamps(
        of note: SignedNote, among authorities: [(named: Policy.Timestamping.Authority, trusted: TimestampAuthority)]
    ) throws -> [(named: Policy.Timestamping.Authority, trusted: TimestampAuthority)] {
        let imprint = LedgerStore.timestampImprint(ofCheckpoint: note.text)
        let stored = try store.timestamps(size: Checkpoint(parsing: note.text).size)
        return authorities.filter { authority in
            !stored.contains { (try? authority.trusted.verify($0.response, imprint: imprint)) != nil }
        }
    }

    /// A query for the newest checkpoint, for an authority that is asked by other means.
    public func timestampQuery() throws -> TimestampQuery {
        TimestampQuery(imprint: LedgerStore.timestampImprint(ofCheckpoint: try checkpoint().text))
    }

    /// Asks the authority at `url` to stamp the newest checkpoint, and stores what it gives.
    /// - Throws: `ServiceError.unreachable`; `StoreError.timestampRefused`.
    public func stampCheckpoint(at url: String, trusting authorities: [TimestampAuthority]) throws -> VerifiedTimestamp
    {
        try stamp(checkpoint(), at: url, trusting: authorities)
    }

    private func stamp(
        _ note: SignedNote, at url: String, trusting authorities: [TimestampAuthority]
    ) throws -> VerifiedTimestamp {
        let query = TimestampQuery(imprint: LedgerStore.timestampImprint(ofCheckpoint: note.text))
        let answer = try environment.post(
            WebRequest(
                url: url, contentType: TimestampQuery.contentType, body: query.der,
                answerLimit: TimestampAuthority.maximumResponseByteCount))
        guard answer.status == 200 else {
            throw ServiceError.unreachable(url: url, problem: "answered with status \(answer.status)")
        }
        return try addTimestamp(answer.body, nonce: query.nonce, trusting: authorities).timestamp
    }

    /// Stores a response for whichever checkpoint it stamps.
    ///
    /// - Parameter nonce: that of the query, where it is known.
    /// - Returns: the size of the checkpoint and the time.
    /// - Throws: `ServiceError.unknownTimestamp` for a stamp of something else; `StoreError.timestampRefused`.
    public func addTimestamp(
        _ response: [UInt8], nonce: [UInt8]?, trusting authorities: [TimestampAuthority]
    ) throws -> (size: UInt64, timestamp: VerifiedTimestamp) {
        let imprint = try TimestampResponse(der: response).imprint
        guard let size = try store.checkpointSize(stampedAs: imprint) else {
            throw ServiceError.unknownTimestamp(imprint: imprint.hex)
        }
        return (
            size, try store.addTimestamp(response, size: size, nonce: nonce, authorities: authorities)
        )
    }
}
