import Testing

/// Effects and escapes stay where they belong.
struct HygieneTests {
    /// A word that may appear in code only in the rooms listed.
    struct Rule: Sendable, CustomStringConvertible {
        let word: String
        let rooms: Set<String>
        let reason: String

        var description: String { word }
    }

    private static let rules: [Rule] = [
        Rule(word: "try!", rooms: [], reason: "bad input is a thrown error"),
        Rule(word: "as!", rooms: [], reason: "bad input is a thrown error"),
        Rule(word: "fatalError(", rooms: [], reason: "no trap is reachable from outside"),
        Rule(word: "SystemRandomNumberGenerator", rooms: [], reason: "randomness comes from a seed or from OpenSSL"),
        Rule(word: ".shuffled()", rooms: [], reason: "an unseeded shuffle cannot be repeated"),
        Rule(word: ".randomElement()", rooms: [], reason: "an unseeded choice cannot be repeated"),
        Rule(word: "arc4random", rooms: [], reason: "randomness comes from a seed or from OpenSSL"),
        Rule(word: "Date()", rooms: ["LetheMachine"], reason: "the clock is handed in"),
        Rule(word: "clock_gettime", rooms: ["LetheMachine"], reason: "the clock is handed in"),
        Rule(
            word: "ProcessInfo", rooms: ["lethe", "lethe-server", "LetheMachine"],
            reason: "the environment is read at the edge only"),
        Rule(word: "print(", rooms: ["lethe", "lethe-server"], reason: "output belongs to the command line"),
        Rule(word: "nonisolated(unsafe)", rooms: [], reason: "shared state is protected or it does not exist"),
    ]

    @Test(arguments: rules)
    func wordsOfEffectStayInTheirRooms(rule: Rule) {
        for file in SourceTree.files where !rule.rooms.contains(file.room) {
            for (number, line) in file.codeLines.enumerated() {
                #expect(!Self.mentions(rule.word, in: line), "\(file.path):\(number + 1): \(rule.reason)")
            }
        }
    }

    /// Whether the word stands in the line, and not as the end of a longer one (`imprint(` is no `print(`).
    private static func mentions(_ word: String, in line: String) -> Bool {
        line.ranges(of: word).contains { range in
            guard let before = line[..<range.lowerBound].last, word.first?.isLetter == true else { return true }
            return !before.isLetter && !before.isNumber && before != "_"
        }
    }

    @Test func uncheckedSendableSaysWhatProtectsIt() {
        for file in SourceTree.files {
            for (number, line) in file.codeLines.enumerated() where line.contains("@unchecked Sendable") {
                let before = file.lines[max(0, number - 8)..<number].joined(separator: "\n")
                #expect(before.contains("///"), "\(file.path):\(number + 1): say what protects this type")
            }
        }
    }

    /// A name that the argument parser derives from the type costs a search of every protocol conformance of the program, for
    /// each command, whichever of them runs.
    @Test func everyCommandStatesItsName() {
        var commands = 0
        for file in SourceTree.files where ["lethe", "lethe-server"].contains(file.room) {
            for (number, line) in file.lines.enumerated() where line.contains("= CommandConfiguration(") {
                commands += 1
                let start = file.lines[number..<min(file.lines.count, number + 2)].joined()
                #expect(start.contains("commandName: \""), "\(file.path):\(number + 1): name the command")
            }
        }
        #expect(commands > 30)
    }
}
