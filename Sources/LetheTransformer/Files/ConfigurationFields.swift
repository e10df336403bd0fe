import LetheBytes

/// The fields of a configuration file, read with their types; what is absent or `null` has the caller's default.
struct ConfigurationFields {
    let path: String
    private let members: [String: JSONValue]

    /// A configuration is a page of text; nothing larger is read.
    private static let sizeLimit = 1 << 22

    init(path: String) throws(FileError) {
        self.path = path
        let bytes = try Files.read(path, limit: Self.sizeLimit)
        do {
            guard let members = try StrictJSON.parse(bytes).objectValue else {
                throw FileError.malformed(path: path, reason: "expected a JSON object")
            }
            self.members = members
        } catch let error as FileError {
            throw error
        } catch {
            throw .malformed(path: path, reason: "\(error)")
        }
    }

    /// The names of all fields, in order.
    var names: [String] { members.keys.sorted() }

    /// The value of a field; `nil` when it is absent or `null`.
    subscript(name: String) -> JSONValue? {
        members[name].flatMap { $0.isNull ? nil : $0 }
    }

    /// The error for a field that is not as expected.
    func unexpected(_ name: String, _ expected: String) -> FileError {
        let found = members[name].map { value in
            String((try? value.canonicalBytes()).map { String(decoding: $0, as: UTF8.self).prefix(80) } ?? "a number")
        }
        return .malformed(path: path, reason: "\(name) is \(found ?? "absent"), expected \(expected)")
    }

    func integer(_ name: String, default fallback: Int) throws(FileError) -> Int {
        guard let value = self[name] else { return fallback }
        guard let integer = value.intValue else { throw unexpected(name, "an integer") }
        return integer
    }

    func token(_ name: String, default fallback: Int32) throws(FileError) -> Int32 {
        guard let id = Int32(exactly: try integer(name, default: Int(fallback))) else {
            throw unexpected(name, "a token id")
        }
        return id
    }

    func float(_ name: String, default fallback: Float) throws(FileError) -> Float {
        guard let value = self[name] else { return fallback }
        guard let number = value.numberLiteral.flatMap({ Float($0) }), number.isFinite else {
            throw unexpected(name, "a number")
        }
        return number
    }

    func bool(_ name: String, default fallback: Bool) throws(FileError) -> Bool {
        guard let value = self[name] else { return fallback }
        guard let bool = value.boolValue else { throw unexpected(name, "true or false") }
        return bool
    }

    func text(_ name: String, default fallback: String) throws(FileError) -> String {
        guard let value = self[name] else { return fallback }
        guard let text = value.stringValue else { throw unexpected(name, "a string") }
        return text
    }
}
