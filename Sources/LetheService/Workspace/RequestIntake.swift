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
        let unit: LedgerUnit
    }

    /// Judges each request, in their order.
    func check(_ requests: [[UInt8]]) -> [Result<Checked, any Error>] {
        requests.concurrentMap { bytes in Result { try check(bytes) } }
    }

    private func check(_ bytes: [UInt8]) throws -> Checked {
        let checked = try checker.check(bytes, now: now)
        let request = checked.request
        guard request.identity.level >= rules.policy.requests.identityLevel else {
            throw ServiceError.identityTooWeak(
                found: request.identity.level.rawValue, expected: rules.policy.requests.identityLevel.rawValue)
        }
        _ = try subjects.user(request.subject)
        let key = SubjectKey.generate()
        let receipt = RequestEvent(receiving: checked, at: now, under: key, policy: rules)
        let acceptance = RequestEvent(
            requestID: request.requestID, at: now, requestCommitment: receipt.requestCommitment,
            kind: .changed(.identityConfirmed, clock: nil))
        let unit = LedgerUnit(
            entries: [
                try LedgerEntry(signing: .request(receipt), with: [controller]),
                try LedgerEntry(signing: .request(acceptance), with: [controller]),
            ], vault: [try VaultItem(checked, key: key).sealed(under: masterKey)])
        return Checked(request: checked, unit: unit)
    }
}
