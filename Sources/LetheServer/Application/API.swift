/// The routes of a server.
public enum API {
    /// The table: which doors are open is the operator's choice, everything else is always there.
    public static func table(_ configuration: ServerConfiguration) -> RouteTable {
        var routes = ServiceRoutes.all + LogRoutes.all + CheckpointRoutes.all + CertificateRoutes.all
        routes += IntakeRoutes.all + ReceiptRoutes.all + DeskRoutes.all + DecisionRoutes.all
        routes += RunRoutes.all + JobRoutes.all + ReportRoutes.all
        routes += PolicyRoutes.all + KeyRoutes.all + UpkeepRoutes.all
        routes += OpenPages.all + SubjectPages.all + CertificatePages.all + ExplorerPages.all + CheckpointPages.all
        routes += DeskPages.all + RunPages.all + ReportPages.all
        if configuration.drpBusiness != nil { routes += DRPRoutes.all }
        if configuration.opendsrDomain != nil { routes += OpenDSRRoutes.all }
        return RouteTable(routes)
    }
}
