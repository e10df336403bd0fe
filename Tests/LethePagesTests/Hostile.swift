import Foundation
import LethePages

/// A page with one of its texts replaced by markup.
struct Hostile {
    /// Where the text stands, for messages.
    let path: String
    /// The name of the property that it is, or that it is an element of.
    let name: String
    let page: any Page & Codable

    /// Ends an attribute and an element, opens a script, and has a quotation mark that is one character with the accent behind it.
    static let text =
        "\"'></p><script>alert(1)</script><img src=x onerror=alert(2)>\"\u{301} onfocus=\"alert(3)&amp;\u{202E}"
    /// What may never stand in a page.
    static let forbidden = ["<script>alert", "<img src=x", "\"\u{301} onfocus", "onfocus=\"", "'></p>", "\u{202E}"]

    /// The page once for each of its texts; texts that must be one of some words cannot be replaced and are left out.
    static func variants<Model: Page & Codable>(of page: Model) throws -> [Hostile] {
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(page), options: .fragmentsAllowed)
        return paths(in: json, "").compactMap { path in
            let changed = replacing(path[...], in: json)
            guard let data = try? JSONSerialization.data(withJSONObject: changed),
                let model = try? JSONDecoder().decode(Model.self, from: data)
            else { return nil }
            let name = path.last { Int($0) == nil } ?? ""
            return Hostile(path: "\(Model.self).\(path.joined(separator: "."))", name: name, page: model)
        }
    }

    private static func paths(in json: Any, _ name: String) -> [[String]] {
        switch json {
        case let members as [String: Any]:
            members.keys.sorted().flatMap { key in paths(in: members[key] ?? "", key).map { [key] + $0 } }
        case let elements as [Any]:
            elements.indices.flatMap { index in paths(in: elements[index], name).map { ["\(index)"] + $0 } }
        case is String: [[]]
        default: []
        }
    }

    private static func replacing(_ path: ArraySlice<String>, in json: Any) -> Any {
        guard let first = path.first else { return text }
        if var members = json as? [String: Any] {
            members[first] = replacing(path.dropFirst(), in: members[first] ?? "")
            return members
        }
        guard var elements = json as? [Any], let index = Int(first) else { return json }
        elements[index] = replacing(path.dropFirst(), in: elements[index])
        return elements
    }
}
