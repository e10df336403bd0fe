import LetheRequests
import LetheStatements
import LetheStore

extension Workspace {
    /// The receipt of a request for its subject: under the newest checkpoint that is cosigned and stamped as the workspace demands.
    /// - Throws: `ServiceError.unknownRequest`.
    public func receipt(of id: String) throws -> RequestReceipt {
        let record = try request(id)
        let opening = try record.shreddedIndex == nil ? store.openVault(record.requestID, masterKey: masterKey) : nil
        return RequestReceipt(
            entry: try DSSEEnvelope(parsing: store.entry(record.receivedIndex)),
            proof: try prove(record.receivedIndex),
            opening: opening.map { .init(key: $0.key, subject: $0.identity, request: $0.rawRequest) })
    }
}
