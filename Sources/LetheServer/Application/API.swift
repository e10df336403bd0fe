/// The routes of a server.
public enum API {
    /// The table: which doors are open is the operator's choice, everything else is always there.
    public static func table(_ configuration: ServerConfiguration) -> RouteTable {
        var routes =
            ServiceRoutes.all + LogRoutes.all + CertificateRoutes.all + IntakeRoutes.all + ReceiptRoutes.all
        routes += DeskRoutes.all + DecisionRoutes.all + RunRoutes.all + JobRoutes.all
        routes += OpenPages.all + SubjectPages.all + LedgerPages.all + DeskPages.all + RunPages.all
        if configuration.drpBusiness != nil { routes += DRPRoutes.all }
        if configuration.opendsrDomain != nil { routes += OpenDSRRoutes.all }
        return RouteTable(routes)
    }
}
