import LetheReports

/// A file that pages refer to: the style sheet, and scripts as modules.
public struct Asset: Sendable, Equatable {
    /// The name below `/assets/`.
    public let name: String
    /// The media type.
    public let contentType: String
    /// The bytes.
    public let bytes: [UInt8]

    /// All of them, by name.
    public static let all: [Asset] = [
        Asset(
            name: "lethe.css", contentType: "text/css; charset=utf-8",
            bytes: Array(ReportStyle.css.utf8) + PackageResources.lethe_css),
        Asset(name: "lethe.svg", contentType: "image/svg+xml", bytes: PackageResources.lethe_svg),
        script("verify.mjs", PackageResources.verify_mjs), script("request.mjs", PackageResources.request_mjs),
        script("page-files.mjs", PackageResources.page_files_mjs),
        script("page-request.mjs", PackageResources.page_request_mjs),
        script("page-check.mjs", PackageResources.page_check_mjs),
        script("page-run.mjs", PackageResources.page_run_mjs),
    ]

    /// What the pages need of a browser: nothing inline, nothing from elsewhere, no frames.
    public static let contentPolicy =
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        + "base-uri 'none'; frame-ancestors 'none'"

    private static func script(_ name: String, _ bytes: [UInt8]) -> Asset {
        Asset(name: name, contentType: "text/javascript; charset=utf-8", bytes: bytes)
    }
}
