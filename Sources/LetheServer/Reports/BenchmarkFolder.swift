import LetheBytes

/// A folder with benchmark results: `NAME.md` and `NAME.json`, as `lethe benchmark … --output` writes them.
///
/// Nobody signs a result, and whoever can write into the folder can say anything; the pages say so. A file that is none is named with what is
/// wrong, and never shown in part.
struct BenchmarkFolder: Sendable {
    /// Where it is; it need not be there.
    let path: String

    /// The forms of a result.
    enum Form: String, Sendable, CaseIterable {
        case markdown, json

        var fileExtension: String { self == .markdown ? "md" : "json" }
        var mediaType: String { self == .markdown ? "text/markdown; charset=utf-8" : "application/json" }
    }

    /// A result, or why it is none.
    struct Result: Sendable {
        let name: String
        let forms: [Form]
        let document: Swift.Result<BenchmarkDocument, BenchmarkError>
    }

    /// The most bytes of a file.
    static let fileLimit = 4 << 20
    /// The most results that are listed; the first by name.
    static let resultLimit = 100
    /// The most characters of a name.
    static let nameLimit = 64

    /// The names of the results, sorted: characters that a path of this server may have, and no dot at the beginning.
    /// - Throws: `FileError`, where the folder is there and cannot be read.
    func names() throws -> [String] {
        guard Files.kind(path) == .folder else { return [] }
        let names = try Files.names(in: path).compactMap { file in
            Form.allCases.lazy.compactMap { form in Self.name(of: file, form) }.first
        }
        return Array(Set(names).sorted().prefix(Self.resultLimit))
    }

    /// Every result.
    func results() throws -> [Result] { try names().map(result) }

    /// The result of this name: read from its Markdown where there is one, for that is what its program wrote for people.
    func result(_ name: String) -> Result {
        let forms = Form.allCases.filter { Self.isName(name) && Files.exists(file(name, $0)) }
        let document = Swift.Result { () throws(BenchmarkError) in
            guard let form = forms.first else { throw BenchmarkError("no such file") }
            let bytes = try read(name, form)
            return switch form {
            case .markdown: try BenchmarkDocument(markdown: bytes, name: name)
            case .json: try BenchmarkDocument(json: bytes, name: name)
            }
        }
        return Result(name: name, forms: forms, document: document)
    }

    /// A file as it is, once it is known to be what its name says.
    func bytes(_ name: String, _ form: Form) throws(BenchmarkError) -> [UInt8] {
        let bytes = try read(name, form)
        switch form {
        case .markdown: _ = try BenchmarkDocument(markdown: bytes, name: name)
        case .json:
            do { _ = try StrictJSON.parse(bytes, maximumDepth: 32) } catch { throw BenchmarkError("\(error)") }
        }
        return bytes
    }

    private func read(_ name: String, _ form: Form) throws(BenchmarkError) -> [UInt8] {
        let path = file(name, form)
        // A link may lead anywhere, and a pipe never ends.
        guard Files.unlinkedKind(path) == .file else { throw BenchmarkError("expected a regular file, and no link") }
        do throws(FileError) { return try Files.read(path, limit: Self.fileLimit) } catch {
            if case .tooLarge = error { throw BenchmarkError("expected at most \(Self.fileLimit) bytes") }
            throw BenchmarkError("it cannot be read")
        }
    }

    private func file(_ name: String, _ form: Form) -> String { Files.join(path, "\(name).\(form.fileExtension)") }

    private static func name(of file: String, _ form: Form) -> String? {
        let ending = ".\(form.fileExtension)"
        guard file.hasSuffix(ending) else { return nil }
        let name = String(file.dropLast(ending.count))
        return isName(name) ? name : nil
    }

    /// Whether results of this name are looked at: what a path of this server may have, and no hidden file.
    private static func isName(_ name: String) -> Bool {
        (1...nameLimit).contains(name.utf8.count) && !name.hasPrefix(".") && name.utf8.allSatisfy(Parameter.isPlain)
    }
}
