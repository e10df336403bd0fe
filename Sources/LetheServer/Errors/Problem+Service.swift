import LetheRequests
import LetheService
import LetheStore

/// The one place where errors of the service become statuses and codes.
extension Problem {
    /// What a caller is told of an error. What is the machine's fault, or might name a path, is told in general words; the log has it.
    init(_ error: any Error) {
        switch error {
        case let problem as Problem: self = problem
        case let refusal as RequestRefusal: self.init(refusal)
        case let refusal as ForeignRefusal: self.init(refusal)
        case let error as DecisionError: self.init(error)
        case let error as ServiceError: self.init(error)
        case let error as StoreError: self.init(error)
        case let error as any MachineFailureReporting where error.isMachineFailure: self = .storage
        default: self = .internalError
        }
    }

    /// What a log may hold of an error: errors of this project's own say nothing of persons; of others, the type is enough.
    static func logged(_ error: any Error) -> String {
        error is any MachineFailureReporting ? "\(error)" : "\(type(of: error))"
    }

    static let internalError = Problem(500, "internal", "the server failed; its log says how")
    static let storage = Problem(
        503, "storage", "the server cannot read or write its storage; nothing was acknowledged", retryAfter: 5)
    static let busy = Problem(503, "busy", "too much waits already; nothing was changed", retryAfter: 1)

    private init(_ refusal: RequestRefusal) {
        let status =
            switch refusal {
            case .tooLarge: 413
            case .malformedEnvelope, .malformedStatement, .wrongPredicateType, .field: 400
            case .unknownKey, .badSignature: 403
            case .wrongAudience, .windowReversed, .windowTooLong, .notYetValid, .expired: 422
            case .requestIDConflict, .nonceConflict: 409
            }
        self.init(status, refusal.code, "\(refusal)")
    }

    private init(_ refusal: ForeignRefusal) {
        let status =
            switch refusal {
            case .tooLarge: 413
            case .notBase64, .tooShort, .notJSON, .field, .windowReversed: 400
            case .badSignature, .wrongAgent, .wrongBusiness: 403
            case .notYetValid, .expired, .windowTooLong, .otherRight: 422
            }
        self.init(status, refusal.code, "\(refusal)")
    }

    private init(_ error: DecisionError) {
        let code =
            switch error {
            case .notAllowed: "not-allowed-now"
            case .noticeTooLate: "notice-too-late"
            case .noEvidence: "no-evidence"
            case .proofMayCome: "proof-may-come"
            case .identityTooWeak: "identity-too-weak"
            }
        self.init(409, code, "\(error)")
    }

    private init(_ error: ServiceError) {
        func told(_ status: Int, _ code: String) -> Problem { Problem(status, code, "\(error)") }
        self =
            switch error {
            case .unknownRequest: told(404, "unknown-request")
            case .unknownRun, .noJudgedRun: told(404, "unknown-run")
            case .unknownCertificate: told(404, "unknown-certificate")
            case .unknownEntry: told(404, "unknown-entry")
            case .unknownSubject: told(422, "unknown-subject")
            case .unsupportedSubjectType: told(422, "unsupported-subject-type")
            case .subjectNotNamed: told(422, "subject-not-named")
            case .subjectsDisagree: told(422, "subjects-disagree")
            case .identityTooWeak: told(422, "identity-too-weak")
            case .methodNotInPolicy: told(422, "unknown-method")
            case .unknownAgent: told(403, "unknown-agent")
            case .agentNotRegistered: told(403, "agent-not-registered")
            case .notPermitted: told(403, "not-permitted")
            case .replayed: told(409, "replayed")
            case .proposalRefused: told(409, "proposal-refused")
            case .alreadyHandled: told(409, "already-handled")
            case .differentSubjects: told(409, "different-subjects")
            case .noOriginal: told(409, "no-original")
            case .notShreddable: told(409, "not-shreddable")
            case .runNotReady: told(409, "run-not-ready")
            case .modelMissing: told(409, "model-missing")
            case .nothingDue: told(409, "nothing-due")
            case .nothingHeld: told(409, "nothing-held")
            case .recipientsPending: told(409, "recipients-pending")
            case .adoptionRefused: told(409, "adoption-refused")
            case .unsupportedLevel: told(422, "unsupported-level")
            case .unknownKey: told(404, "unknown-key")
            case .keyChangeRefused: told(409, "key-change-refused")
            case .noKeyOfRole: told(422, "bad-key")
            case .verdictOpen: told(409, "verdict-open")
            case .noManifest: told(409, "no-manifest")
            case .busy: Problem(409, "busy", "another process works on this; nothing was changed", retryAfter: 5)
            case .quorumMissed, .timestampsMissed:
                Problem(
                    503, "checkpoint-not-vouched",
                    "no checkpoint has the cosignatures and timestamps that it needs yet",
                    retryAfter: 60)
            default: .internalError
            }
    }

    private init(_ error: StoreError) {
        self =
            switch error {
            case .noSuchEntry(let index, let size):
                Problem(404, "unknown-entry", "no entry \(index); the log has \(size), counted from 0")
            case .noSuchRequest: Problem(404, "unknown-request", "no such request")
            case .noSuchCheckpoint(let size): Problem(404, "unknown-checkpoint", "no checkpoint of size \(size)")
            case .vaultMissing: Problem(409, "shredded", "the key of its personal data was destroyed")
            case .policySuperseded, .sizeChanged, .locked:
                Problem(
                    503, "changed-meanwhile", "the ledger changed meanwhile; nothing was acknowledged", retryAfter: 1)
            case let error where error.isMachineFailure: .storage
            default: .internalError
            }
    }
}
