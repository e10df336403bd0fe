import LetheRequests
import LetheStatements

/// What an entry says, its signatures not yet looked at.
struct EntryContent {
    let envelope: DSSEEnvelope
    let statement: Statement
    /// Who must have signed.
    let role: KeyRole
    /// The event, nil for certificates, test results and reports.
    let event: LedgerEvent?

    init(_ bytes: [UInt8]) throws(EntryRefusal) {
        do { envelope = try DSSEEnvelope(parsing: bytes) } catch { throw .envelope(error) }
        do { statement = try Statement(parsingUnverified: envelope.payload) } catch { throw .statement(error) }
        guard envelope.payloadType == DSSEEnvelope.inTotoPayloadType else { throw .unknownType(envelope.payloadType) }
        guard let role = KeyRegistry.role(for: statement.predicateType) else {
            throw .unknownType(statement.predicateType)
        }
        self.role = role
        do { event = try LedgerEvent(statement) } catch { throw .event(error) }
    }
}
