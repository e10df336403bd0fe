/// From where to where in a log a key counts.
///
/// Indexes are those of entries. A log's key signs checkpoints instead: with `[from, until)` it may sign those of size `from` to
/// `until`, both included, so that the checkpoint at which one key takes over from another may carry both.
public struct KeyValidity: Sendable, Equatable {
    /// The first entry that the key may sign.
    public let from: UInt64
    /// The first entry that it may no longer sign; nil while it may.
    public let until: UInt64?
    /// Whether the key ended because somebody else had it from `until` on. Then what it signed before counts only under a checkpoint
    /// that was no larger at that moment and that a witness cosigned: the thief can sign anything but cannot turn back a witness.
    public let isCompromised: Bool

    /// The whole log, without an end.
    public static let always = KeyValidity()

    /// The entries from `from` to before `until`; none where the end lies before the beginning, as where a key was in other hands before the
    /// log knew it.
    public init(from: UInt64 = 0, until: UInt64? = nil, isCompromised: Bool = false) {
        self.from = from
        self.until = until.map { max($0, from) }
        self.isCompromised = isCompromised && until != nil
    }

    /// Whether the key may sign the entry at `index`.
    public func covers(entry index: UInt64) -> Bool {
        index >= from && until.map { index < $0 } ?? true
    }

    /// Whether a log's key may sign the checkpoint of `size` entries.
    public func covers(checkpoint size: UInt64) -> Bool {
        size >= from && until.map { size <= $0 } ?? true
    }

    /// The words of a trust file: ` from 3 until 40`, ` from 3 compromised 40`, or nothing.
    var words: String {
        (from == 0 ? "" : " from \(from)")
            + (until.map { (isCompromised ? " compromised " : " until ") + "\($0)" } ?? "")
    }

    /// Reads what `words` writes; nil for anything else.
    init?(words: [Substring]) {
        var rest = words[...]
        func number(after word: String) -> UInt64?? {
            guard rest.first == word[...] else { return .some(nil) }
            guard let text = rest.dropFirst().first, let value = UInt64(text), "\(value)" == text else { return nil }
            rest = rest.dropFirst(2)
            return value
        }
        guard let from = number(after: "from"), from != 0, let until = number(after: "until"),
            let compromised = number(after: "compromised"), rest.isEmpty, until == nil || compromised == nil,
            (until ?? compromised).map({ $0 >= from ?? 0 }) ?? true
        else { return nil }
        self.init(from: from ?? 0, until: until ?? compromised, isCompromised: compromised != nil)
    }
}

extension KeyValidity: CustomStringConvertible {
    /// The entries in words.
    public var description: String {
        "entries from \(from)" + (until.map { " until before \($0)" } ?? " on")
            + (isCompromised ? ", then in other hands" : "")
    }
}
