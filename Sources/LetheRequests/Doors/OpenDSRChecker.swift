import LetheBytes
public import LetheStatements

/// Decides whether bytes are an acceptable erasure request of OpenDSR 2.0.
///
/// The format has no signature of the sender's: who sent it is known from the connection alone, so every identity in it is unverified.
/// Members that the specification does not name are allowed and stay in the raw bytes; one that it names must have its form, and
/// `regulation` is required although the specification's own example leaves it out.
public struct OpenDSRChecker: Sendable {
    /// How far the sender's clock may be ahead.
    public let clockSkewSeconds: Int64

    /// A checker.
    public init(clockSkewSeconds: Int64 = 60) { self.clockSkewSeconds = clockSkewSeconds }

    /// The most identities and callbacks that are read.
    private static let (mostIdentities, mostCallbacks) = (64, 16)
    private static let acceptedSeconds: Int64 = 86_400

    /// Checks everything but replay.
    /// - Throws: `ForeignRefusal`.
    public func check(_ bytes: [UInt8], now: Timestamp) throws(ForeignRefusal) -> ForeignRequest {
        guard bytes.count <= DeletionRequest.maximumByteCount else {
            throw .tooLarge(limit: DeletionRequest.maximumByteCount, found: bytes.count)
        }
        let fields = try JSONFields.foreignObject(bytes)
        let regulation = try fields.foreign(.regulation) { (fields) throws(FieldError) in
            try fields.member("regulation").oneOf(Regulation.self)
        }
        let id = try fields.foreign(.subjectRequestID) { (fields) throws(FieldError) in
            RequestID(try fields.member("subject_request_id").string())
        }
        let right = try fields.foreign(.subjectRequestType) { (fields) throws(FieldError) in
            try fields.member("subject_request_type").oneOf(Right.self)
        }
        guard right == .erasure else { throw .otherRight }
        let submitted = try fields.foreignTime(.submittedTime)
        guard submitted <= now.adding(seconds: clockSkewSeconds) else {
            throw .notYetValid(now: now, issuedAt: submitted)
        }
        try fields.foreignCheck(.apiVersion) { (fields) throws(FieldError) in
            try fields.optional("api_version")?.require("2.0")
        }
        let callbacks = try fields.foreign(.statusCallbackURLs) { (fields) throws(FieldError) -> [String]? in
            let urls = try fields.optional("status_callback_urls")?.array() ?? []
            guard urls.count <= Self.mostCallbacks else { return nil }
            let texts = try urls.map { (url) throws(FieldError) in try url.string() }
            return texts.allSatisfy(isCallback) ? texts : nil
        }
        try fields.foreignCheck(.extensions) { (fields) throws(FieldError) in
            _ = try fields.optional("extensions")?.members()
        }
        let claims = try fields.foreign(.subjectIdentities) { (fields) throws(FieldError) -> [IdentityClaim]? in
            let identities = try fields.member("subject_identities").array()
            guard (1...Self.mostIdentities).contains(identities.count) else { return nil }
            var claims: [IdentityClaim] = []
            for identity in identities {
                guard let claim = try Self.claim(identity) else { return nil }
                claims.append(claim)
            }
            return claims
        }
        return ForeignRequest(
            format: .opendsr, requestID: id, reference: id.text, agent: "opendsr", regulation: regulation,
            claims: claims, issuedAt: submitted, expiresAt: submitted.adding(seconds: Self.acceptedSeconds),
            callbacks: callbacks, rawBytes: bytes, signer: nil)
    }

    /// An identity of section 5.1: the controller's own number of a customer is Lethe's `user-id`; a hashed value keeps its hash's name.
    private static func claim(_ fields: JSONFields) throws(FieldError) -> IdentityClaim? {
        let type = try fields.member("identity_type").oneOf(IdentityType.self)
        let format = try fields.member("identity_format").oneOf(IdentityFormat.self)
        let value = try fields.member("identity_value").string()
        var name = type == .controllerCustomerID ? "user-id" : String(type.rawValue.map { $0 == "_" ? "-" : $0 })
        if format != .raw { name += "-" + format.rawValue }
        guard let identity = SubjectIdentity(type: name, value: value) else { return nil }
        return IdentityClaim(
            identity: identity, proof: IdentityProof(level: .unverified, method: .selfDeclared))
    }

    private enum Right: String, CaseIterable { case access, portability, erasure }

    private enum IdentityFormat: String, CaseIterable { case raw, sha1, md5, sha256 }

    private enum IdentityType: String, CaseIterable {
        case controllerCustomerID = "controller_customer_id"
        case androidAdvertisingID = "android_advertising_id"
        case androidID = "android_id"
        case email
        case fireAdvertisingID = "fire_advertising_id"
        case iosAdvertisingID = "ios_advertising_id"
        case iosVendorID = "ios_vendor_id"
        case microsoftAdvertisingID = "microsoft_advertising_id"
        case microsoftPublisherID = "microsoft_publisher_id"
        case rokuPublisherID = "roku_publisher_id"
        case rokuAdvertisingID = "roku_advertising_id"
    }
}
