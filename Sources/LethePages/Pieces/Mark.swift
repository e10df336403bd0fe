/// A word with a shape and a colour: never a colour alone.
public struct Mark: Sendable, Codable, Equatable {
    /// The colours.
    public enum Tone: String, Sendable, Codable, CaseIterable {
        case good, caution, bad, neutral, paused
    }

    /// The colour.
    public let tone: Tone
    /// The word.
    public let word: String
    /// The outline of the shape on a square of 24, as an SVG path; different for each meaning.
    let shape: String

    /// The verdict of a forgetting test, as certificates write it.
    public static func verdict(_ word: String) -> Mark {
        switch word {
        case "PASS-EXACT", "PASS-STATISTICAL", "PASS", "PASSED": Mark(tone: .good, word: word, shape: disc)
        case "INCONCLUSIVE": Mark(tone: .caution, word: word, shape: diamond)
        case "FAIL", "FAILED": Mark(tone: .bad, word: word, shape: square)
        case "REFUSE": Mark(tone: .bad, word: word, shape: octagon)
        default: Mark(tone: .neutral, word: word, shape: ring)
        }
    }

    /// How near a deadline is: the words of the request list.
    public static func alert(_ alert: String, word: String) -> Mark {
        switch alert {
        case "overdue": Mark(tone: .bad, word: word, shape: triangle)
        case "urgent": Mark(tone: .caution, word: word, shape: clock)
        case "paused": Mark(tone: .paused, word: word, shape: bars)
        case "ahead": Mark(tone: .good, word: word, shape: ring)
        default: Mark(tone: .neutral, word: word, shape: tick)
        }
    }

    /// The state of a request, as the log names it.
    public static func state(_ state: String) -> Mark {
        let word = state.replacing("_", with: " ")
        return switch state {
        case "fulfilled": Mark(tone: .good, word: word, shape: disc)
        case "refused": Mark(tone: .bad, word: word, shape: octagon)
        case "blocked_partial": Mark(tone: .bad, word: "blocked", shape: triangle)
        case "identity_pending": Mark(tone: .paused, word: "waits for proof of identity", shape: bars)
        case "in_progress", "verifying": Mark(tone: .caution, word: word, shape: clock)
        case "received": Mark(tone: .neutral, word: word, shape: ring)
        default: Mark(tone: .neutral, word: word, shape: tick)
        }
    }

    /// Something that holds, or does not.
    public static func holds(_ holds: Bool, word: String) -> Mark {
        Mark(tone: holds ? .good : .bad, word: word, shape: holds ? disc : square)
    }

    /// Something that goes on.
    public static func goesOn(word: String) -> Mark { Mark(tone: .caution, word: word, shape: clock) }

    /// Something that waits or that nobody knows.
    public static func waits(word: String) -> Mark { Mark(tone: .neutral, word: word, shape: ring) }

    private static let disc =
        "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zm-1.6 16.6-5.2-5.2 1.8-1.8 3.4 3.4L17 7.4l1.8 1.8z"
    private static let diamond =
        "M12 .6 23.4 12 12 23.4.6 12zM12 4.6 4.6 12l7.4 7.4 7.4-7.4zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z"
    private static let square = "M2 2h20v20H2zM8 6.2 6.2 8l4 4-4 4L8 17.8l4-4 4 4 1.8-1.8-4-4 4-4L16 6.2l-4 4z"
    private static let octagon = "M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4zM5.5 10.4v3.2h13v-3.2z"
    private static let triangle = "M12 1.6 23.2 21.4H.8zM10.8 8.6v6.6h2.4V8.6zM10.8 16.6V19h2.4v-2.4z"
    private static let clock =
        "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zm0 2.6a8.4 8.4 0 1 1 0 16.8 8.4 8.4 0 0 1 0-16.8zM10.9 6.4v6.3l4.4 2.6 1.1-1.8-3.3-2V6.4z"
    private static let bars = "M5 3h5v18H5zM14 3h5v18h-5z"
    private static let ring =
        "M12 1a11 11 0 1 0 0 22 11 11 0 0 0 0-22zm0 2.6a8.4 8.4 0 1 1 0 16.8 8.4 8.4 0 0 1 0-16.8z"
    private static let tick = "M9 16.9 3.9 11.8 2 13.7l7 7L22 7.7l-1.9-1.9z"
}
