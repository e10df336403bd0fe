/// What surrounds every page: the log it is about, who reads it, and what there is to tell.
public struct Frame: Sendable, Codable, Equatable {
    /// Who is signed in.
    public struct Reader: Sendable, Codable, Equatable {
        /// The name of the token, as the administrator wrote it.
        public var name: String
        /// The role, as a word.
        public var role: String

        /// Names a reader.
        public init(name: String, role: String) {
            self.name = name
            self.role = role
        }
    }

    /// One sentence on top of the page: what an action came to.
    public struct Notice: Sendable, Codable, Equatable {
        /// How it is meant.
        public var mark: Mark
        /// The sentence.
        public var text: String

        /// Tells something.
        public init(mark: Mark, text: String) {
            self.mark = mark
            self.text = text
        }
    }

    /// The origin of the log.
    public var origin: String
    /// The token that every form carries in its field `csrf`; bound to the reader's session.
    public var formToken: String
    /// Who is signed in; nil for the public.
    public var reader: Reader?
    /// What there is to tell.
    public var notice: Notice?

    /// Surrounds a page.
    public init(origin: String, formToken: String, reader: Reader? = nil, notice: Notice? = nil) {
        self.origin = origin
        self.formToken = formToken
        self.reader = reader
        self.notice = notice
    }
}
