import Mustache

/// Turns pages into HTML. Templates are read once; rendering is a pure function of page and frame.
public struct PageRenderer: Sendable {
    private let library: MustacheLibrary

    /// Reads the templates that the program carries.
    /// - Throws: where one is not a template, which a test rules out.
    public init() throws {
        MustacheContentTypes.register(PageText(), named: PageText.name)
        var library = MustacheLibrary()
        for template in Template.allCases {
            let text = template.isPart ? template.text : "{{#page}}\(template.text){{/page}}"
            try library.register("{{% CONTENT_TYPE:\(PageText.name)}}" + text, named: template.rawValue)
        }
        self.library = library
    }

    /// The page as a document, with what surrounds it.
    public func html(_ page: some Page, in frame: Frame) -> String {
        let shown = page.presentation
        var context: [String: Any] = [
            "frame": View(frame), "page": View(page), "csrf": frame.formToken, "title": shown.title,
            "scripts": shown.scripts.map(\.rawValue), "open": Self.links(Place.open, at: shown.place),
            "isHome": shown.place == .home,
            "working": frame.reader == nil ? [View]() : Self.links(Place.working, at: shown.place),
        ]
        if let seconds = shown.refreshSeconds { context["refresh"] = seconds }
        for (name, markup) in shown.markup { context[name] = markup }
        context["content"] = library.render(context, withTemplate: shown.template.rawValue) ?? ""
        return library.render(context, withTemplate: Template.layout.rawValue) ?? ""
    }

    private struct NavigationLink {
        let path: String
        let label: String
        let isCurrent: Bool
    }

    private static func links(_ places: [Place], at current: Place?) -> [View] {
        places.map { View(NavigationLink(path: $0.path, label: $0.label, isCurrent: $0 == current)) }
    }
}
