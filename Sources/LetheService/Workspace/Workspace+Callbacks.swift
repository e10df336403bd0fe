import LetheBytes
import LetheCrypto
package import LetheRequests
import LetheStore

/// What a status callback needs of the workspace: which requests changed, and a place for URLs that may say whom a request is about.
extension Workspace {
    /// The requests that the entries from `index` on are about, as far as `limit` entries go, and the entry to go on with.
    package func requestsChanged(from index: UInt64, limit: UInt64) throws -> (requests: Set<RequestID>, next: UInt64) {
        let size = try store.size()
        let next = min(size, index + min(limit, UInt64.max - index))
        guard index < next else { return ([], size) }
        var requests: Set<RequestID> = []
        for entry in index..<next {
            if case .request(let event)? = try store.event(entry) { requests.insert(event.requestID) }
        }
        return (requests, next)
    }

    /// Seals where the sender of a request wants to hear of it. A sender is free to write a person's name into a URL, so outside of the vault
    /// none is kept but under a key that is not in the database.
    package func sealCallbacks(_ urls: [String], of id: RequestID) throws -> [UInt8] {
        try AESGCM.seal(
            JSONValue.array(urls.map { .string($0) }).canonicalBytes(), key: callbackKey,
            additionalData: Array(id.text.utf8))
    }

    /// Opens what `sealCallbacks` made; nil where anything differs.
    package func openCallbacks(_ sealed: [UInt8], of id: RequestID) throws -> [String]? {
        let key = try callbackKey
        guard let bytes = try? AESGCM.open(sealed, key: key, additionalData: Array(id.text.utf8)),
            let urls = (try? StrictJSON.parse(bytes))?.arrayValue
        else { return nil }
        let texts = urls.compactMap(\.stringValue)
        return texts.count == urls.count ? texts : nil
    }

    private var callbackKey: [UInt8] {
        get throws {
            try hmacSHA256(
                key: masterKey.referenceSecret, message: Array("unlearn-ledger/callback-urls/v1".utf8)
            ).bytes
        }
    }
}
