/// The name of an unlearning run: a random UUID, version 4, lowercase.
public struct RunID: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The canonical text, 36 characters.
    public let text: String

    /// Takes a canonical version 4 UUID; nil for any other text.
    public init?(_ text: String) {
        guard UUIDText.isRandomUUID(text) else { return nil }
        self.text = text
    }

    private init(drawn text: String) { self.text = text }

    /// Draws a run id from `generator`.
    public static func random(using generator: inout some RandomNumberGenerator) -> RunID {
        RunID(drawn: UUIDText.random(using: &generator))
    }

    /// The canonical text.
    public var description: String { text }

    /// Orders by text.
    public static func < (left: RunID, right: RunID) -> Bool { left.text < right.text }
}
