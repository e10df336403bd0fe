/// The name of a request: a random UUID, version 4, lowercase; never derived from the person (LEDGER 2.6).
public struct RequestID: Sendable, Hashable, Comparable, CustomStringConvertible {
    private let uuid: RandomUUID

    /// Takes a canonical version 4 UUID; nil for any other text, uppercase or another version included.
    public init?(_ text: String) {
        guard let uuid = RandomUUID(text) else { return nil }
        self.uuid = uuid
    }

    /// The same of text that is given as bytes.
    package init?(ascii text: UnsafeBufferPointer<UInt8>) {
        guard let uuid = RandomUUID(ascii: text) else { return nil }
        self.uuid = uuid
    }

    private init(_ uuid: RandomUUID) { self.uuid = uuid }

    /// Draws a request id from `generator`.
    public static func random(using generator: inout some RandomNumberGenerator) -> RequestID {
        RequestID(RandomUUID(using: &generator))
    }

    /// The canonical text, 36 characters.
    public var text: String { uuid.text }

    /// The canonical text.
    public var description: String { text }

    /// Orders by text.
    public static func < (left: RequestID, right: RequestID) -> Bool { left.uuid < right.uuid }
}
