import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements
import LetheStore

/// Judges requests by themselves and makes their entries: everything that needs no look into the log, so that it runs on all
/// cores and before any transaction.
struct RequestIntake: Sendable {
    let checker: RequestChecker
    let rules: PolicyInForce
    /// Whom the data set has training records of.
    let subjects: DataSubjects
    let controller: SigningKey
    let masterKey: MasterKey
    let now: Timestamp

    /// A request that only the log itself can still refuse, and what is to be appended for it.
    struct Checked: Sendable {
        let request: CheckedRequest
        /// Whom it is about, as the data set numbers people; nil where somebody must still say whom it means.
        let user: Int?
        /// Whether its identity proof is enough for the policy.
        let isProven: Bool
        /// Its receipt and what follows from its identity proof.
        let unit: LedgerUnit
        fileprivate let receipt: RequestEvent
        fileprivate let vault: SealedVaultItem
        fileprivate let controller: SigningKey

        /// What is appended where `original` asks for the same already: the request is received, and ends as its duplicate.
        func unit(duplicateOf original: RequestID) throws -> LedgerUnit {
            let end = receipt.followed(by: .foundDuplicate(of: original))
            return LedgerUnit(
                entries: [unit.entries[0], try LedgerEntry(signing: .request(end), with: [controller])], vault: [vault])
        }
    }

    /// Judges each request, in their order.
    func check(_ requests: [[UInt8]]) -> [Result<Checked, any Error>] {
        requests.concurrentMap { bytes in Result { try check(bytes) } }
    }

    private func check(_ bytes: [UInt8]) throws -> Checked {
        let checked = try checker.check(bytes, now: now)
        let level = checked.proof.level
        // A data subject is not turned away for what they cannot prove yet: the request is received, and a proof asked for.
        guard checked.isOfSubject || level >= rules.policy.requests.identityLevel else {
            throw ServiceError.identityTooWeak(
                found: level.rawValue, expected: rules.policy.requests.identityLevel.rawValue)
        }
        return try admit(checked)
    }

    /// Makes the entries of a checked request: its receipt, and that its identity proof is enough for the policy or that a better one is
    /// asked for. Nothing reaches unlearning past this question.
    ///
    /// - Parameter mayWaitForName: whether a person whom the request names by something that the data do not know, such as an address, may
    ///   be named later; such a request brings no proof.
    func admit(_ checked: CheckedRequest, mayWaitForName: Bool = false) throws -> Checked {
        let request = checked.request
        let waitsForName = mayWaitForName && request.subject.type != DataSubjects.identityType
        let user = try waitsForName ? nil : subjects.user(request.subject)
        let key = SubjectKey.generate()
        let receipt = RequestEvent(receiving: checked, at: now, under: key, policy: rules)
        let isProven = checked.proof.level >= rules.policy.requests.identityLevel
        let answer = receipt.followed(by: isProven ? .identityConfirmed : .identityDoubted)
        let vault = try VaultItem(checked, key: key).sealed(under: masterKey)
        let unit = LedgerUnit(
            entries: [
                try LedgerEntry(signing: .request(receipt), with: [controller]),
                try LedgerEntry(signing: .request(answer), with: [controller]),
            ], vault: [vault])
        return Checked(
            request: checked, user: user, isProven: isProven, unit: unit, receipt: receipt, vault: vault,
            controller: controller)
    }
}

extension RequestEvent {
    /// An event of the same request at the same time.
    fileprivate func followed(by change: LifecycleEvent) -> RequestEvent {
        RequestEvent(
            requestID: requestID, at: at, requestCommitment: requestCommitment, kind: .changed(change, clock: nil))
    }
}
