// Pieces of a report for pages that hold more than the report. They need the style sheet `ReportStyle.css` and no inline style, so a
// page can forbid both inline styles and scripts.

extension AuditReport {
    /// The report as it stands between the header and the footer of a page, with its heading `h1`.
    public var fragment: String { Document(self).fragment }
}

extension PeriodReport {
    /// The report as it stands between the header and the footer of a page, with its heading `h1`.
    public var fragment: String { Document(self).fragment }
}

extension RequestReport {
    /// The report as it stands between the header and the footer of a page, with its heading `h1`.
    public var fragment: String { Document(self).fragment }
}

extension Document {
    fileprivate var fragment: String { Page.content(self).map { MarkupWriter.html($0) }.joined() }
}

extension AuditReport.Curve {
    /// The curve as a figure with title, drawing and words.
    ///
    /// - Parameter id: a name that nothing else on the page has.
    public func figure(id: String) -> String {
        MarkupWriter.html(BlockMarkup.figure(CurvePlot.figure(self, id: id)))
    }
}

/// The look that reports and pages share.
public enum ReportStyle {
    /// The style sheet.
    public static var css: String { "\(Stylesheet.css)" }
}
