/// The format in which a request came.
public enum RequestFormat: String, Sendable, Hashable, CaseIterable {
    /// Lethe's own: a DSSE envelope over a deletion request.
    case native
    /// Data Rights Protocol 1.0: `base64(signature || JSON)` by an authorised agent.
    case drp = "drp-1.0"
    /// OpenDSR 2.0: JSON, without a signature.
    case opendsr = "opendsr-2.0"
}
