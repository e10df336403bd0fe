/// The templates, each a file in `Templates`.
enum Template: String, Sendable, CaseIterable {
    case act, benchmark, certificate, certificates, check, checker, checkpoint, checkpoints, desk, deskRequest, entry,
        error, facts, figures, follow, home, layout, log
    case login, mark, proof, report, reports, request, requestSent, result, run, runs, statistics, status, table

    /// Whether it is a part of other templates, or what surrounds them.
    var isPart: Bool { [.checker, .facts, .figures, .layout, .mark, .proof, .table].contains(self) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    private var bytes: [UInt8] {
        switch self {
        case .act: PackageResources.act_mustache
        case .benchmark: PackageResources.benchmark_mustache
        case .certificate: PackageResources.certificate_mustache
        case .certificates: PackageResources.certificates_mustache
        case .check: PackageResources.check_mustache
        case .checker: PackageResources.checker_mustache
        case .checkpoint: PackageResources.checkpoint_mustache
        case .checkpoints: PackageResources.checkpoints_mustache
        case .desk: PackageResources.desk_mustache
        case .deskRequest: PackageResources.deskRequest_mustache
        case .entry: PackageResources.entry_mustache
        case .error: PackageResources.error_mustache
        case .facts: PackageResources.facts_mustache
        case .figures: PackageResources.figures_mustache
        case .follow: PackageResources.follow_mustache
        case .home: PackageResources.home_mustache
        case .layout: PackageResources.layout_mustache
        case .log: PackageResources.log_mustache
        case .login: PackageResources.login_mustache
        case .mark: PackageResources.mark_mustache
        case .proof: PackageResources.proof_mustache
        case .report: PackageResources.report_mustache
        case .reports: PackageResources.reports_mustache
        case .request: PackageResources.request_mustache
        case .requestSent: PackageResources.requestSent_mustache
        case .result: PackageResources.result_mustache
        case .run: PackageResources.run_mustache
        case .runs: PackageResources.runs_mustache
        case .statistics: PackageResources.statistics_mustache
        case .status: PackageResources.status_mustache
        case .table: PackageResources.table_mustache
        }
    }
}
