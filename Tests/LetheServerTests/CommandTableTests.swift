import Foundation
import HTTPTypes
import Testing

@testable import LetheServer

/// The table of commands in `Documentation/design/server.md` against the commands and the routes: neither can grow without it.
struct CommandTableTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The rows of the table: commands, route, reason.
    private static let rows: [[String]] = {
        let page =
            (try? String(contentsOf: root.appending(path: "Documentation/design/server.md"), encoding: .utf8)) ?? ""
        let section = page.split(separator: "## Every command, and its route").last ?? ""
        return section.split(separator: "\n").filter { $0.hasPrefix("| ") && !$0.hasPrefix("| ---") }.dropFirst().map {
            $0.split(separator: "|", omittingEmptySubsequences: false).dropFirst().dropLast().map {
                $0.trimmingCharacters(in: .whitespaces)
            }
        }
    }()

    private static func quoted(_ text: String) -> [String] { text.matches(of: /`([^`]+)`/).map { String($0.1) } }

    @Test func everyCommandIsInTheTableAndNoOther() throws {
        var commands: Set<String> = []
        let folder = Self.root.appending(path: "Sources/lethe")
        let files = try #require(FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil))
        for case let file as URL in files where file.pathExtension == "swift" {
            let text = try String(contentsOf: file, encoding: .utf8)
            commands.formUnion(text.matches(of: /commandName:\s*"([a-z]+)"/).map { String($0.1) })
        }
        commands.remove("lethe")
        #expect(commands.count > 40)
        let quoted = Self.rows.flatMap { Self.quoted($0[0]) }
        let named = Set(quoted.joined(separator: " ").split(separator: " ").map { String($0) })
        #expect(named == commands, "in one alone: \(named.symmetricDifference(commands).sorted())")
    }

    @Test func everyRouteOfTheTableIsThereAndEveryRowSaysWhereOrWhyNot() {
        let routes = Set(RouteTableTests.table.routes.map { "\($0.method.rawValue) \($0.path)" })
        #expect(Self.rows.count > 40)
        for row in Self.rows {
            #expect(row.count == 3 && !(row[1].isEmpty && row[2].isEmpty), "\(row)")
            let calls = row.dropFirst().flatMap(Self.quoted).filter { $0.contains(" /") }
            #expect(row[1].isEmpty || !calls.isEmpty, "\(row)")
            for call in calls { #expect(routes.contains(call), "\(call)") }
        }
    }
}
