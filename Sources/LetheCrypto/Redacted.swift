/// A secret or a personal datum: printed, debugged or mirrored it says its type's name and nothing else, so that no log
/// line, error text or crash report can carry it by accident.
public protocol Redacted: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {}

extension Redacted {
    /// The type's name.
    public var description: String { "\(Self.self)(redacted)" }
    /// The type's name.
    public var debugDescription: String { description }
    /// Nothing to see.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension SigningKey: Redacted {}
