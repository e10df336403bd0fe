import Mustache

/// A value as templates see it: its stored properties by name.
///
/// The templates' library looks for a name that it does not find in everything around it. Here a property that is nil is found, and is
/// nothing; so a row without a link never borrows that of its page.
struct View: MustacheParent {
    private let value: Any

    init(_ value: Any) { self.value = value }

    func child(named name: String) -> Any? {
        Mirror(reflecting: value).children.first { $0.label == name }.map { Self.wrapped($0.value) }
    }

    private static func wrapped(_ value: Any) -> Any {
        let mirror = Mirror(reflecting: value)
        switch mirror.displayStyle {
        case .optional: return mirror.children.first.map { wrapped($0.value) } ?? Nothing()
        case .collection: return mirror.children.map { wrapped($0.value) }
        case .struct where !(value is String): return isPlain(value) ? value : View(value)
        case .enum: return String(describing: value)
        default: return value
        }
    }

    private static func isPlain(_ value: Any) -> Bool {
        value is Int || value is UInt64 || value is Bool || value is Double
    }

    /// What is found where a property is nil.
    private struct Nothing: MustacheCustomRenderable {
        var renderText: String { "" }
        var isNull: Bool { true }
    }
}
