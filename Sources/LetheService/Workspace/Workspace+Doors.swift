import LetheBytes
import LetheCrypto
public import LetheRequests
import LetheStore

/// A way in for requests in another system's format.
public enum RequestDoor: Sendable {
    /// Data Rights Protocol 1.0: presented by the agent `agentID`, whose key `agents` has, to the business `businessID`.
    case drp(businessID: String, agentID: String, agents: AgentDirectory)
    /// OpenDSR 2.0.
    case opendsr

    /// The format that it takes.
    var format: RequestFormat {
        switch self {
        case .drp: .drp
        case .opendsr: .opendsr
        }
    }
}

/// What became of a request in another format.
public struct ForeignReception: Sendable {
    /// The request as it stands.
    public let record: RequestRecord
    /// Whether the very bytes were received before; nothing was changed then, and the answer is the one of before.
    public let isRepetition: Bool
    /// What was asked, with personal data.
    public let request: ForeignRequest
}

extension Workspace {
    /// Checks a request in another format and records it: its bytes go to the vault as they came, a commitment to the log.
    ///
    /// Where the identity is proved less well than the policy asks, the request is received and a better proof asked for: the law knows no
    /// refusal of a request for that alone.
    ///
    /// - Parameters:
    ///   - subject: the user of the data set whom the claims of the request mean, as the controller has found out; where nil, the request
    ///     itself must name a `user-id`, which nobody has proved.
    ///   - mayWaitForName: whether a request that names none is received all the same, and waits until somebody has found out whom it means
    ///     and confirms it (`decide(_:about:evidence:naming:as:)`).
    /// - Throws: `ForeignRefusal`, `RequestRefusal`, `ServiceError`; nothing was changed then.
    public func submit(
        _ bytes: [UInt8], through door: RequestDoor, subject: String? = nil, mayWaitForName: Bool = false
    ) throws -> ForeignReception {
        do {
            let foreign = try check(bytes, through: door)
            let (identity, proof) = try identify(foreign, as: subject, mayWaitForName)
            var generator = SecureGenerator()
            let checked = try foreign.checked(
                as: identity, proof: proof, audience: origin, law: policy.regulation,
                drawn: .random(using: &generator), secret: masterKey.referenceSecret)
            switch try reception().receive(intake().admit(checked, mayWaitForName: mayWaitForName)) {
            case .received(let record): return ForeignReception(record: record, isRepetition: false, request: foreign)
            case .refused(ServiceError.replayed(let id, _)):
                return ForeignReception(record: try request(id), isRepetition: true, request: foreign)
            case .refused(let error): throw error
            }
        } catch {
            try noteRefusals([error], at: door.format)
            throw error
        }
    }

    private func check(_ bytes: [UInt8], through door: RequestDoor) throws -> ForeignRequest {
        switch door {
        case .drp(let businessID, let agentID, let agents):
            guard let key = agents.keys[agentID] else { throw ServiceError.unknownAgent(id: agentID) }
            guard try requesterKeys().contains(key) else { throw ServiceError.agentNotRegistered(keyID: key.keyID) }
            return try DRPChecker(
                businessID: businessID, agentID: agentID, agentKey: key,
                maximumWindowSeconds: min(86_400, Int64(policy.requests.maximumWindowHours) * 3_600)
            ).check(bytes, now: environment.now())
        case .opendsr:
            return try OpenDSRChecker(clockSkewSeconds: Int64(policy.requests.clockSkewSeconds)).check(
                bytes, now: environment.now())
        }
    }

    /// The data subject that a request means, and what proves that its requester is that.
    private func identify(
        _ foreign: ForeignRequest, as subject: String?, _ mayWaitForName: Bool
    ) throws -> (identity: SubjectIdentity, proof: IdentityProof) {
        let numbers = foreign.claims.filter { $0.identity.type == DataSubjects.identityType }
        let named = subject ?? numbers.first?.identity.value
        guard let named else {
            // The first claim stands for the person until somebody says who that is; the others are in the request's bytes. What the sender has
            // proved of an address proves nothing yet of anybody whom the data know. Under a policy that asks for no proof, nothing would
            // make the request wait.
            guard mayWaitForName, policy.requests.identityLevel > .unverified, let claim = foreign.claims.first else {
                throw ServiceError.subjectNotNamed(types: foreign.claims.map(\.identity.type))
            }
            return (claim.identity, IdentityProof(level: .unverified, method: claim.proof.method))
        }
        guard numbers.allSatisfy({ Array($0.identity.value.utf8) == Array(named.utf8) }) else {
            throw ServiceError.subjectsDisagree
        }
        guard let identity = SubjectIdentity(type: DataSubjects.identityType, value: named) else {
            throw ServiceError.unknownSubject
        }
        // What the agent has proved of an address counts for the account that the controller has found under that address, not for
        // a number that the request itself puts beside it.
        let relevant = subject == nil ? numbers : foreign.claims
        let proof = relevant.map(\.proof).max { $0.level < $1.level }
        return (identity, proof ?? IdentityProof(level: .unverified, method: .selfDeclared))
    }
}
