import LetheBytes
public import LetheCrypto
import LetheLog
import LetheStore

extension Workspace {
    /// The authorities whose certificates lie in the workspace's folder `timestamping`.
    /// - Throws: `ServiceError.workspaceDamaged` for a file that is no certificate.
    public func timestampAuthorities() throws -> [TimestampAuthority] {
        guard Files.kind(paths.timestamping) == .folder else { return [] }
        return try Files.names(in: paths.timestamping).filter { $0.hasSuffix(".pem") }.map { name in
            let path = Files.join(paths.timestamping, name)
            do {
                return try TimestampAuthority(pem: Files.read(path, limit: TimestampAuthority.maximumByteCount))
            } catch let error as TimestampingError {
                throw ServiceError.workspaceDamaged(file: path, problem: "\(error)")
            }
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
        let query = try timestampQuery()
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
