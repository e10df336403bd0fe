import Foundation
import LetheBytes
import LetheCrypto
import LetheRequests
import LetheStatements
import LetheStore

@testable import LetheService

/// One entry of a log as a stranger reads it.
struct Entry {
    let index: UInt64
    let bytes: [UInt8]
    let statement: Statement
    /// What happened; nil for certificates and test results.
    let event: LedgerEvent?

    static func all(of workspace: Workspace) throws -> [Entry] {
        try (0..<workspace.store.size()).map { index in
            let bytes = try workspace.store.entry(index)
            let statement = try Statement(parsingUnverified: try DSSEEnvelope(parsing: bytes).payload)
            return Entry(index: index, bytes: bytes, statement: statement, event: try LedgerEvent(statement))
        }
    }

    /// The step of a run that the entry logs.
    var runStep: RunEvent.Step? {
        if case .run(let event) = event { event.step } else { nil }
    }

    /// What the entry is, in a word.
    var name: String {
        switch event {
        case .request(let event):
            switch event.kind {
            case .received: "received"
            case .changed(let change, _): change.name
            }
        case .run(let event): event.step.name
        case .model(let event): "model \(event.action.rawValue) \(event.role.rawValue)"
        case .key: "key"
        case .policy: "policy"
        case .shred: "shred"
        case .notification(let event): "notification \(event.recipient) \(event.outcome.name)"
        case nil:
            statement.predicateType == PredicateType.unlearningCertificate ? "certificate" : "test result"
        }
    }
}

/// Every file below a folder with its digest: what "nothing was changed" means.
struct Snapshot: Equatable {
    let digests: [String: String]

    init(of folder: String) throws {
        var digests: [String: String] = [:]
        for path in try Self.files(below: folder) {
            digests[path] = try Digest(sha256OfFile: Files.join(folder, path)).hex
        }
        self.digests = digests
    }

    /// The paths of all files below a folder, relative to it.
    static func files(below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
            Files.kind(Files.join(folder, $0)) == .file
        }
    }
}

/// What of a log must not change when something is refused.
struct LogState: Equatable {
    let size: UInt64
    let root: Digest
    let requests: [RequestRecord]

    init(_ workspace: Workspace) throws {
        size = try workspace.store.size()
        root = try workspace.store.rootHash(size: size)
        requests = try workspace.requests()
    }
}
