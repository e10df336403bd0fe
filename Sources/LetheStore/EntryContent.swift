import LetheRequests
import LetheStatements

/// What an entry says, its signatures not yet looked at.
///
/// A class because an audit hands a million of them on, and one counted reference is cheaper than those of all that is inside.
final class EntryContent: Sendable {
    /// What its payload means.
    enum Meaning: Sendable {
        /// Something that changes what the log adds up to.
        case event(LedgerEvent)
        /// A certificate, test result or report.
        case evidence(Statement)
    }

    let envelope: DSSEEnvelope
    let meaning: Meaning
    /// Who must have signed.
    let role: KeyRole

    /// The event; nil for certificates, test results and reports.
    var event: LedgerEvent? {
        if case .event(let event) = meaning { event } else { nil }
    }

    init(_ bytes: [UInt8]) throws(EntryRefusal) {
        do { envelope = try DSSEEnvelope(parsing: bytes) } catch { throw .envelope(error) }
        if envelope.payloadType == DSSEEnvelope.inTotoPayloadType,
            let event = LedgerEvent(recognizing: envelope.payload),
            let role = KeyRegistry.role(for: event.predicateType)
        {
            meaning = .event(event)
            self.role = role
            return
        }
        let statement: Statement
        do { statement = try Statement(parsingUnverified: envelope.payload) } catch { throw .statement(error) }
        guard envelope.payloadType == DSSEEnvelope.inTotoPayloadType else { throw .unknownType(envelope.payloadType) }
        guard let role = KeyRegistry.role(for: statement.predicateType) else {
            throw .unknownType(statement.predicateType)
        }
        self.role = role
        do { meaning = try LedgerEvent(statement).map { .event($0) } ?? .evidence(statement) } catch {
            throw .event(error)
        }
    }
}
