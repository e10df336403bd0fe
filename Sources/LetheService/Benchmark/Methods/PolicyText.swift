import LetheRequests

/// A policy's text with other settings of its methods.
///
/// Sections `method` and `methods` are written anew; every other line stays as its author wrote it.
struct PolicyText {
    private let text: String
    private let policy: Policy

    init(_ yaml: [UInt8]) throws {
        policy = try Policy(yaml: yaml)
        text = String(decoding: yaml, as: UTF8.self)
    }

    /// The text with these fields of these methods changed; names as `Policy.Method.fields` has them.
    /// - Throws: `PolicyError` for a value out of its range, or where the policy is not written in block style.
    func changing(_ changes: [Policy.MethodName: [String: String]], comment: String = "") throws -> [UInt8] {
        var lines: [Substring] = []
        var isSkipped = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if let first = line.first, first != " ", first != "#" {
                isSkipped = line.hasPrefix("method:") || line.hasPrefix("methods:")
            }
            if !isSkipped { lines.append(line) }
        }
        while lines.last?.isEmpty == true { lines.removeLast() }
        var output = lines.joined(separator: "\n") + "\n\n"
        if !comment.isEmpty { output += "# \(comment)\n" }
        output += "method:\n  name: \(policy.method.name.rawValue)\n" + section(policy.method, changes, indent: "  ")
        if !policy.methods.isEmpty {
            output += "\nmethods:\n"
            for method in policy.methods {
                output += "  \(method.name.rawValue):\n" + section(method, changes, indent: "    ")
            }
        }
        let bytes = Array(output.utf8)
        let changed = try Policy(yaml: bytes)
        guard changed.training == policy.training, changed.model == policy.model, changed.name == policy.name else {
            throw EngineError.invalidSetting(
                name: "policy \(policy.name)", found: "sections that cannot be kept apart",
                expected: "every section in block style, its name at the start of a line")
        }
        return bytes
    }

    private func section(
        _ method: Policy.Method, _ changes: [Policy.MethodName: [String: String]], indent: String
    ) -> String {
        var text = ""
        var open = ""
        for field in method.fields {
            let value = changes[method.name]?[field.name] ?? field.value
            let parts = field.name.split(separator: ".").map(String.init)
            if parts.count == 2 {
                if open != parts[0] { text += "\(indent)\(parts[0]):\n" }
                open = parts[0]
                text += "\(indent)  \(parts[1]): \(value)\n"
            } else {
                text += "\(indent)\(field.name): \(value)\n"
            }
        }
        return text
    }
}
