import Foundation

/// The source files of the project, found from this file's own place in the tree.
struct SourceTree {
    /// One Swift file of a room.
    struct File: Sendable, CustomStringConvertible {
        let room: String
        let path: String
        let lines: [String]

        var description: String { path }

        /// Lines with string literals' and comments' text blanked, so that a word in prose does not count as code.
        var codeLines: [String] { lines.map(Self.withoutProse) }

        /// The modules named by import declarations.
        var imports: [String] {
            lines.compactMap { line in
                var words = line.split(separator: " ").map(String.init)
                while let first = words.first,
                    first.hasPrefix("@") || ["public", "package", "internal"].contains(first)
                {
                    words.removeFirst()
                }
                guard words.first == "import", words.count >= 2 else { return nil }
                let kinds: Set<String> = ["struct", "class", "enum", "func", "protocol", "typealias", "var", "let"]
                let name = kinds.contains(words[1]) && words.count > 2 ? words[2] : words[1]
                return name.split(separator: ".").first.map(String.init)
            }
        }

        private static func withoutProse(_ line: String) -> String {
            var result = ""
            var inString = false
            var previous: Character = " "
            for character in line {
                if character == "\"", previous != "\\" { inString.toggle() }
                if !inString, character == "/", previous == "/" {
                    result.removeLast()
                    break
                }
                if !inString { result.append(character) }
                previous = character
            }
            return result
        }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// Every Swift file below `Sources`, in a stable order.
    static let files: [File] = {
        let sources = root.appending(path: "Sources")
        guard let walker = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil) else {
            return []
        }
        var files: [File] = []
        for case let url as URL in walker where url.pathExtension == "swift" {
            let relative = String(url.path.dropFirst(sources.path.count + 1))
            guard let room = relative.split(separator: "/").first,
                let text = try? String(contentsOf: url, encoding: .utf8)
            else { continue }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
            files.append(File(room: String(room), path: "Sources/\(relative)", lines: lines))
        }
        return files.sorted { $0.path < $1.path }
    }()
}
