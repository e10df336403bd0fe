import LetheBytes
import LetheRequests

/// What only the controller can say of itself for a record of processing activities: `controller.yaml` of the workspace.
struct ControllerStatement: Sendable, Equatable {
    /// The most bytes of the file.
    static let maximumByteCount = 16_384

    /// Name and contact details, GDPR Art. 30(1)(a).
    let identity: [String]
    /// Transfers to third countries with their safeguards, Art. 30(1)(e).
    let transfers: [String]

    /// Nothing stated.
    static let none = ControllerStatement(identity: [], transfers: [])

    private init(identity: [String], transfers: [String]) {
        self.identity = identity
        self.transfers = transfers
    }

    /// Reads the file at `path`; nothing is stated where it is not there.
    /// - Throws: `FileError`; `ServiceError.workspaceDamaged` with line and field.
    static func read(_ path: String) throws -> ControllerStatement {
        guard Files.exists(path) else { return .none }
        let bytes = try Files.read(path, limit: maximumByteCount)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw ServiceError.workspaceDamaged(file: path, problem: "expected UTF-8 text, found other bytes")
        }
        do { return try ControllerStatement(yaml: text) } catch {
            let place = [error.line.map { "line \($0)" }, error.field.isEmpty ? nil : error.field]
            throw ServiceError.workspaceDamaged(
                file: path,
                problem: (place.compactMap(\.self) + ["expected \(error.expected), found \(error.found)"])
                    .joined(separator: ": "))
        }
    }

    init(yaml text: String) throws(PolicyError) {
        var root = try PolicySection.root(of: text)
        var identity = ["controller: \(try root.text("name"))", "contact: \(try root.text("contact"))"]
        for (field, title) in [
            ("jointController", "joint controller"), ("representative", "representative"),
            ("protectionOfficer", "data protection officer"),
        ] where root.has(field) {
            identity.append("\(title): \(try root.text(field))")
        }
        self.identity = identity
        transfers = root.has("transfers") ? try root.texts("transfers") : []
        try root.finish()
    }
}
