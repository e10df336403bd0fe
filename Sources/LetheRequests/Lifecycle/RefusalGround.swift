/// The legal ground of a refusal. A refusal without one cannot be expressed.
public enum RefusalGround: String, Sendable, Hashable, CaseIterable {
    /// GDPR Art. 17(3)(a): freedom of expression and information.
    case freedomOfExpression = "gdpr-17.3.a"
    /// GDPR Art. 17(3)(b): legal obligation, public task or official authority.
    case legalObligation = "gdpr-17.3.b"
    /// GDPR Art. 17(3)(c): public interest in public health.
    case publicHealth = "gdpr-17.3.c"
    /// GDPR Art. 17(3)(d): archiving, research or statistics that erasure would seriously impair.
    case archivingAndResearch = "gdpr-17.3.d"
    /// GDPR Art. 17(3)(e): legal claims.
    case legalClaims = "gdpr-17.3.e"
    /// GDPR Art. 12(5): manifestly unfounded or excessive, which the controller must prove.
    case unfoundedOrExcessive = "gdpr-12.5"
    /// GDPR Art. 11(2): the controller can show that it cannot identify the subject.
    case cannotIdentify = "gdpr-11.2"
    /// CCPA, Civil Code 1798.105(d): an exception of that list applies.
    case statutoryException = "ccpa-1798.105.d"

    /// The law that knows this ground.
    public var regulation: Regulation {
        switch self {
        case .freedomOfExpression, .legalObligation, .publicHealth, .archivingAndResearch, .legalClaims,
            .unfoundedOrExcessive, .cannotIdentify:
            .gdpr
        case .statutoryException: .ccpa
        }
    }

    /// The article as a lawyer cites it.
    public var citation: String {
        switch self {
        case .freedomOfExpression: "GDPR Art. 17(3)(a)"
        case .legalObligation: "GDPR Art. 17(3)(b)"
        case .publicHealth: "GDPR Art. 17(3)(c)"
        case .archivingAndResearch: "GDPR Art. 17(3)(d)"
        case .legalClaims: "GDPR Art. 17(3)(e)"
        case .unfoundedOrExcessive: "GDPR Art. 12(5)"
        case .cannotIdentify: "GDPR Art. 11(2)"
        case .statutoryException: "CCPA 1798.105(d)"
        }
    }
}
