import LetheBytes
public import LetheCrypto
public import LetheRequests

/// The personal data of one request: what the vault seals and shredding destroys.
public struct VaultItem: Sendable, Equatable, Redacted {
    /// The request.
    public let requestID: RequestID
    /// The key of its commitments.
    public let key: SubjectKey
    /// Who is to be forgotten.
    public let identity: SubjectIdentity
    /// The request as received.
    public let rawRequest: [UInt8]
    /// Whom it was found to mean, where `identity` is none that the data know. It counts only where an entry of the log commits to it.
    public internal(set) var named: SubjectIdentity?

    /// Whose request this is, as far as the vault knows.
    var subject: SubjectIdentity { named ?? identity }

    /// The personal data of a request.
    public init(requestID: RequestID, key: SubjectKey, identity: SubjectIdentity, rawRequest: [UInt8]) {
        self.requestID = requestID
        self.key = key
        self.identity = identity
        self.rawRequest = rawRequest
    }

    /// The personal data of a checked request, under a key of its own.
    public init(_ checked: CheckedRequest, key: SubjectKey) {
        self.init(
            requestID: checked.request.requestID, key: key, identity: checked.request.subject,
            rawRequest: checked.rawBytes)
    }

    /// Whether this is what the receipt in the log commits to.
    func matches(_ record: RequestRecord) -> Bool {
        requestID == record.requestID && key.commitment(toSubject: identity) == record.subjectCommitment
            && key.commitment(toRequest: rawRequest) == record.requestCommitment
    }

    /// The row that the vault keeps: everything that is slow about it is done here, outside of any transaction.
    /// - Throws: `.masterKey` where the data cannot be sealed.
    public func sealed(under masterKey: MasterKey) throws(StoreError) -> SealedVaultItem {
        do {
            return SealedVaultItem(
                requestID: requestID, subjectCommitment: key.commitment(toSubject: identity),
                requestCommitment: key.commitment(toRequest: rawRequest),
                subjectTag: masterKey.tag(of: subject), wrappedKey: try masterKey.wrap(key, for: requestID),
                sealed: try seal())
        } catch { throw .masterKey(detail: "the personal data of request \(requestID) cannot be sealed") }
    }

    /// The ciphertext that the vault stores; the request id is authenticated with it.
    func seal() throws -> [UInt8] {
        var members: [String: JSONValue] = [
            "identity": Self.json(identity), "request": .string(Base64.encode(rawRequest)),
        ]
        members["named"] = named.map(Self.json)
        return try AESGCM.seal(
            JSONValue.object(members).canonicalBytes(), key: key.sealingKey,
            additionalData: VaultItem.additionalData(requestID))
    }

    /// Opens what `seal` made; nil where anything differs.
    init?(opening sealed: [UInt8], key: SubjectKey, requestID: RequestID) {
        guard
            let bytes = try? AESGCM.open(
                sealed, key: key.sealingKey, additionalData: VaultItem.additionalData(requestID)),
            let json = try? StrictJSON.parse(bytes),
            let identity = Self.identity(json["identity"]),
            let text = json["request"]?.stringValue, let rawRequest = try? Base64.decode(text)
        else { return nil }
        self.init(requestID: requestID, key: key, identity: identity, rawRequest: rawRequest)
        guard let member = json["named"] else { return }
        guard let named = Self.identity(member) else { return nil }
        self.named = named
    }

    private static func json(_ identity: SubjectIdentity) -> JSONValue {
        ["type": .string(identity.type), "value": .string(identity.value)]
    }

    private static func identity(_ json: JSONValue?) -> SubjectIdentity? {
        guard let type = json?["type"]?.stringValue, let value = json?["value"]?.stringValue else { return nil }
        return SubjectIdentity(type: type, value: value)
    }

    private static func additionalData(_ id: RequestID) -> [UInt8] { Array(id.text.utf8) }
}

/// A row of the vault before it is stored: ciphertexts, and the commitments that the receipt in the log must name.
public struct SealedVaultItem: Sendable {
    let requestID: RequestID
    let subjectCommitment: Digest
    let requestCommitment: Digest
    let subjectTag: Digest
    let wrappedKey: [UInt8]
    let sealed: [UInt8]
}
