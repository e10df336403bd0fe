/// The predicate types of Lethe's log entries. A published version never changes its meaning.
public enum PredicateType {
    /// A deletion request was received, changed its state, or was answered.
    public static let requestEvent = "urn:lethe:request-event:v1"
    /// A key was added, rotated or revoked.
    public static let keyEvent = "urn:lethe:key-event:v1"
    /// An unlearning run was committed to, started, finished or judged.
    public static let runEvent = "urn:lethe:run-event:v1"
    /// A model was registered, committed as a candidate, or retired.
    public static let modelEvent = "urn:lethe:model-event:v1"
    /// A policy took effect.
    public static let policyEvent = "urn:lethe:policy-event:v1"
    /// The key of a commitment was destroyed.
    public static let shredEvent = "urn:lethe:shred-event:v1"
    /// A recipient of a person's data was told of its erasure, or was not.
    public static let notificationEvent = "urn:lethe:notification-event:v1"
    /// A certificate was issued.
    public static let unlearningCertificate = "urn:lethe:unlearning-certificate:v1"
    /// A report over a period was issued.
    public static let auditReport = "urn:lethe:audit-report:v1"
    /// The forgetting test, in in-toto's own vocabulary.
    public static let testResult = "https://in-toto.io/attestation/test-result/v0.1"

    /// Every type of Lethe's own, as listed above.
    public static let all = [
        requestEvent, keyEvent, runEvent, modelEvent, policyEvent, shredEvent, notificationEvent,
        unlearningCertificate, auditReport,
    ]
}
