/// A tree of elements and text.
///
/// Names of elements and attributes are `StaticString`s, so that no value from a report can become one; text and attribute
/// values are escaped when the tree is written. That makes it impossible to break out of a page by construction.
indirect enum Markup: Sendable {
    /// Text.
    case text(String)
    /// A style sheet, which is part of this program.
    case styleSheet(StaticString)
    /// An element.
    case element(StaticString, [Attribute], [Markup])

    /// A name with a value.
    struct Attribute: Sendable {
        var name: StaticString
        var value: String

        init(_ name: StaticString, _ value: String) {
            self.name = name
            self.value = value
        }

        static func `class`(_ value: String) -> Attribute { Attribute("class", value) }
    }

    /// Makes an element with content.
    static func tag(
        _ name: StaticString, _ attributes: Attribute..., @MarkupBuilder content: () -> [Markup] = { [] }
    ) -> Markup {
        .element(name, attributes, content())
    }
}

/// Lets content be written as a list of statements.
@resultBuilder
enum MarkupBuilder {
    static func buildExpression(_ markup: Markup) -> [Markup] { [markup] }
    static func buildExpression(_ markup: [Markup]) -> [Markup] { markup }
    static func buildExpression(_ text: String) -> [Markup] { [.text(text)] }
    static func buildBlock(_ parts: [Markup]...) -> [Markup] { parts.flatMap { $0 } }
    static func buildOptional(_ part: [Markup]?) -> [Markup] { part ?? [] }
    static func buildEither(first part: [Markup]) -> [Markup] { part }
    static func buildEither(second part: [Markup]) -> [Markup] { part }
    static func buildArray(_ parts: [[Markup]]) -> [Markup] { parts.flatMap { $0 } }
}
