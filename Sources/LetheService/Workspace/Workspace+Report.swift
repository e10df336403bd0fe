import LetheBytes
import LetheCrypto
import LetheLog
public import LetheReports
import LetheRequests
import LetheStatements
import LetheStore

/// The forms of an audit report.
public enum ReportFormat: String, Sendable, CaseIterable {
    /// One self-contained page.
    case html
    /// Text with tables.
    case markdown
    /// For programs.
    case json
    /// One row a request.
    case csv

    /// The ending of its file.
    public var fileExtension: String { self == .markdown ? "md" : rawValue }
}

extension Workspace {
    /// The audit report of a judged run.
    public func auditReport(_ id: String) throws -> AuditReport {
        let (_, record) = try run(id, at: .verified)
        let dossier = try RunDossier.read(from: paths.run(id))
        let checkpoint = try Checkpoint(parsing: checkpoint().text)
        let requests = try dossier.requests.map { try request($0) }
        let context = ReportContext(
            log: .init(
                origin: origin, checkpointSize: Int(checkpoint.size), checkpointRoot: checkpoint.rootHash.hex),
            policy: try policy(of: record), datasetName: profile.name,
            requests: requests,
            certificates: try certificates(of: record), refusals: refusals,
            controllerKeyID: try keys.controller.publicKey.keyID, recipients: try recipients(ofRun: id),
            earlierRuns: try earlierRuns(than: record, of: requests), runEntries: record.indexes,
            now: environment.now(), trustFile: "trust.txt", certificateFolder: "certificates",
            environment: environment.description.sorted { $0.key < $1.key }.map { .init($0.key, $0.value) })
        return AuditReport(dossier, try measurements(id), context)
    }

    /// Writes the audit report of a judged run in each format; returns the files.
    public func report(_ id: String, to folder: String, formats: [ReportFormat]) throws -> [ReportFormat: String] {
        let report = try auditReport(id)
        return try write("audit-\(id)", to: folder, formats: formats) { format in
            switch format {
            case .html: report.html
            case .markdown: report.markdown
            case .json: try report.json
            case .csv: report.csv
            }
        }
    }

    /// Writes a report in each format into a folder that need not be there yet; returns the files.
    func write(
        _ name: String, to folder: String, formats: [ReportFormat], _ text: (ReportFormat) throws -> String
    ) throws -> [ReportFormat: String] {
        let texts = try formats.map { ($0, try text($0)) }
        try Files.createFolders(folder)
        var paths: [ReportFormat: String] = [:]
        for (format, text) in texts {
            let path = Files.join(folder, "\(name).\(format.fileExtension)")
            try Files.write(Array(text.utf8), to: path)
            paths[format] = path
        }
        return paths
    }
}

extension Workspace {
    /// The run that was judged last.
    /// - Throws: `ServiceError.noJudgedRun`.
    public func lastJudgedRun() throws -> String {
        guard let run = try store.runs().last(where: { $0.stage == .verified }) else { throw ServiceError.noJudgedRun }
        return run.runID.text
    }
}

extension Workspace {
    /// What a run has written of itself so far.
    package func dossier(of id: String) throws -> RunDossier { try RunDossier.read(from: paths.run(id)) }
}
