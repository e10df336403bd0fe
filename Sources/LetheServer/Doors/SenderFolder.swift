import LetheBytes
import LetheRequests

/// Which agent or partner sent a request, so that nobody else is told of it or can withdraw it: request ids stand in the public log, and are
/// no secret. One small file a request; names of agents and partners, no personal data.
struct SenderFolder: Sendable {
    private let path: String

    init(path: String) throws {
        self.path = path
        if !Files.exists(path) { try Files.createFolders(path, permissions: 0o700) }
    }

    private func file(_ id: RequestID) -> String { Files.join(path, id.text) }

    /// Who sent the request; nil where nobody of a door did.
    func sender(of id: RequestID) throws -> String? {
        guard Files.exists(file(id)) else { return nil }
        return String(decoding: try Files.read(file(id), limit: 512), as: UTF8.self)
    }

    /// Notes who sent a request, unless somebody did before.
    /// - Returns: who counts as its sender.
    func note(_ sender: String, of id: RequestID) throws -> String {
        if let known = try self.sender(of: id) { return known }
        try Files.write(Array(sender.utf8), to: file(id), permissions: 0o600)
        return sender
    }

    /// Forgets a request that was turned away.
    func forget(_ id: RequestID) throws { try Files.remove(file(id)) }
}
