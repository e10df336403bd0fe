/// What a token is for. The first four are the roles of people, as policies name them.
public enum AccessRole: String, Sendable, Hashable, CaseIterable {
    /// Reads all that is not personal data.
    case auditor
    /// Decides about requests.
    case officer
    /// Starts and stops runs.
    case engineer
    /// All of these.
    case administrator
    /// Another party's system that sends OpenDSR requests, and sees its own.
    case partner
    /// An authorised agent of the Data Rights Protocol; made by the pair-wise setup alone.
    case agent

    /// The roles of people.
    static let people: Set<AccessRole> = [.auditor, .officer, .engineer, .administrator]
    /// Who decides about requests.
    static let deciders: Set<AccessRole> = [.officer, .administrator]
    /// Who runs.
    static let runners: Set<AccessRole> = [.engineer, .administrator]
}
