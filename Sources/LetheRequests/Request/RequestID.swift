/// The name of a request: a random UUID, version 4, lowercase; never derived from the person (LEDGER 2.6).
public struct RequestID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The canonical text, 36 characters.
    public let text: String

    /// Takes a canonical version 4 UUID; nil for any other text, uppercase or another version included.
    public init?(_ text: String) {
        guard UUIDText.isRandomUUID(text) else { return nil }
        self.text = text
    }

    private init(drawn text: String) { self.text = text }

    /// Draws a request id from `generator`.
    public static func random(using generator: inout some RandomNumberGenerator) -> RequestID {
        RequestID(drawn: UUIDText.random(using: &generator))
    }

    /// The canonical text.
    public var description: String { text }

    /// Orders by text.
    public static func < (left: RequestID, right: RequestID) -> Bool { left.text < right.text }
}
