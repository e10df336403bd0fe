import LetheCrypto
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

extension Workspace {
    /// As `receipt(of:)`, under the newest checkpoint that others may see; nothing is signed for it.
    /// - Throws: `ServiceError.unknownRequest`, and `.unknownEntry` where that checkpoint does not cover it yet.
    package func servedReceipt(of id: String) throws -> RequestReceipt {
        let record = try request(id)
        let opening = try record.shreddedIndex == nil ? store.openVault(record.requestID, masterKey: masterKey) : nil
        return RequestReceipt(
            entry: try DSSEEnvelope(parsing: store.entry(record.receivedIndex)),
            proof: try proveServed(record.receivedIndex),
            opening: opening.map { .init(key: $0.key, subject: $0.identity, request: $0.rawRequest) })
    }

    /// The receipt of the request that was filed with these very bytes.
    ///
    /// Once the key of its commitments was destroyed nothing can tell whether they are; the receipt then holds nothing but what the log shows
    /// to everybody.
    /// - Throws: `ServiceError.unknownRequest` for any other bytes.
    package func receipt(ofRequest bytes: [UInt8]) throws -> RequestReceipt {
        guard let envelope = try? DSSEEnvelope(parsing: bytes),
            let statement = try? Statement(parsingUnverified: envelope.payload),
            let request = try? DeletionRequest(statement)
        else { throw ServiceError.unknownRequest(id: "with these bytes") }
        let id = request.requestID.text
        let receipt = try servedReceipt(of: id)
        if let opening = receipt.opening {
            guard constantTimeEquals(opening.request, bytes) else { throw ServiceError.unknownRequest(id: id) }
        }
        return receipt
    }
}
