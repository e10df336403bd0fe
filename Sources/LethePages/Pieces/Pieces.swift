/// A named value in a list of facts.
public struct Fact: Sendable, Codable, Equatable {
    /// What it is.
    public var name: String
    /// The value, as it is shown.
    public var value: String
    /// Whether it is an identifier or digest, to be shown in even widths.
    public var isCode: Bool
    /// Where it leads; nil where nowhere.
    public var path: String?

    /// Names a value.
    public init(_ name: String, _ value: String, isCode: Bool = false, path: String? = nil) {
        self.name = name
        self.value = value
        self.isCode = isCode
        self.path = path
    }
}

/// A number that one looks for first.
public struct KeyFigure: Sendable, Codable, Equatable {
    /// What is counted.
    public var label: String
    /// The number, as it is shown.
    public var value: String
    /// What belongs to it.
    public var detail: String

    /// Names a number.
    public init(_ label: String, _ value: String, detail: String = "") {
        self.label = label
        self.value = value
        self.detail = detail
    }
}

/// A link.
public struct Link: Sendable, Codable, Equatable {
    /// What it leads to.
    public var label: String
    /// Where.
    public var path: String
    /// What is to know before one follows it.
    public var detail: String

    /// Links to a path.
    public init(_ label: String, path: String, detail: String = "") {
        self.label = label
        self.path = path
        self.detail = detail
    }
}

/// One of several things to choose.
public struct Choice: Sendable, Codable, Equatable {
    /// What a form sends.
    public var value: String
    /// What the reader sees.
    public var label: String
    /// Whether it is chosen at first.
    public var isChosen: Bool

    /// A choice.
    public init(_ value: String, _ label: String, isChosen: Bool = false) {
        self.value = value
        self.label = label
        self.isChosen = isChosen
    }
}

/// A field of several choices.
public struct ChoiceField: Sendable, Codable, Equatable {
    /// The name that a form sends.
    public var name: String
    /// The question.
    public var label: String
    /// The answers.
    public var choices: [Choice]

    /// A field.
    public init(name: String, label: String, choices: [Choice]) {
        self.name = name
        self.label = label
        self.choices = choices
    }
}

/// A field of one line of text, with what is wrong with it beside it.
public struct TextField: Sendable, Codable, Equatable {
    /// The name that a form sends.
    public var name: String
    /// The question.
    public var label: String
    /// What helps to answer it.
    public var hint: String
    /// What it holds at first.
    public var value: String
    /// The most characters.
    public var maximumLength: Int
    /// What was wrong with what was sent; nil where nothing was.
    public var failure: String?

    /// A field.
    public init(
        name: String, label: String, hint: String, value: String = "", maximumLength: Int, failure: String? = nil
    ) {
        self.name = name
        self.label = label
        self.hint = hint
        self.value = value
        self.maximumLength = maximumLength
        self.failure = failure
    }
}

/// A command for a reader who does not want to trust this page.
public struct Command: Sendable, Codable, Equatable {
    /// What it is for.
    public var purpose: String
    /// The line to type.
    public var line: String

    /// A command.
    public init(_ purpose: String, _ line: String) {
        self.purpose = purpose
        self.line = line
    }
}

/// Rows and columns of text.
public struct TableView: Sendable, Codable, Equatable {
    /// One cell under the name of its column, for narrow screens where a row becomes a card.
    public struct Cell: Sendable, Codable, Equatable {
        /// The column's name.
        public var column: String
        /// The text.
        public var text: String
        /// Where it leads; nil where nowhere.
        public var path: String?
        /// A word with a shape in place of the text.
        public var mark: Mark?
    }

    /// One row; its first cell names it.
    public struct Row: Sendable, Codable, Equatable {
        /// The first cell.
        public var head: Cell
        /// The others.
        public var cells: [Cell]
    }

    /// What a cell holds.
    public enum Content: Sendable {
        /// Text.
        case text(String)
        /// Text that leads somewhere.
        case link(String, path: String)
        /// A word with a shape.
        case mark(Mark)
    }

    /// What the table says.
    public var caption: String
    /// The columns.
    public var columns: [String]
    /// The rows.
    public var rows: [Row]
    /// What is said where there are no rows.
    public var emptyText: String
    /// Whether there are none.
    public private(set) var isEmpty: Bool

    /// A table; a row that is shorter than the columns has empty cells.
    public init(caption: String, columns: [String], rows: [[Content]], emptyText: String = "Nothing yet.") {
        self.caption = caption
        self.columns = columns
        self.rows = rows.map { row in
            var cells = zip(columns, row).map { column, content in
                switch content {
                case .text(let text): Cell(column: column, text: text)
                case .link(let text, let path): Cell(column: column, text: text, path: path)
                case .mark(let mark): Cell(column: column, text: "", mark: mark)
                }
            }
            let head = cells.isEmpty ? Cell(column: "", text: "") : cells.removeFirst()
            return Row(head: head, cells: cells)
        }
        self.emptyText = emptyText
        isEmpty = rows.isEmpty
    }
}
