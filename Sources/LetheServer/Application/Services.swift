import LetheBytes
import LetheCrypto
import LethePages
public import LetheService
public import LetheStatements
public import Logging
import Synchronization

/// What the handlers of a server work with.
public final class Services: Sendable {
    /// What the operator chose.
    public let configuration: ServerConfiguration
    /// The threads with the workspace.
    public let pool: WorkspacePool
    /// The tokens.
    public let tokens: TokenStore
    /// The sessions of browsers.
    public let sessions: Sessions
    /// What is counted.
    let metrics: Metrics
    /// Requests on their way into the log.
    let intake: IntakeQueue
    /// Runs that were asked for.
    let jobs: JobFolder
    /// Who sent requests of other formats.
    let senders: SenderFolder
    /// Senders who asked to be told of changes; nil where the configuration allows no host to be told.
    let callbacks: CallbackBook?
    /// The door for the Data Rights Protocol; nil where it is shut.
    let drp: DRPDoor?
    /// What signs the answers of the OpenDSR door; nil where it is shut.
    let opendsrSigner: CertificateSigner?
    /// What turns pages into HTML.
    let pages: PageRenderer
    /// Callers and how often they call.
    let limiter: RateLimiter
    let logger: Logger
    let environment: ServiceEnvironment
    /// Whether the server was asked to end: it is no longer ready then.
    let isEnding: Atomic<Bool>
    /// Progress streams that are open.
    let streams: Atomic<Int>

    /// The services of a configuration; the state folder is made where it is missing.
    public init(_ configuration: ServerConfiguration, environment: ServiceEnvironment, logger: Logger) throws {
        self.configuration = configuration
        self.environment = environment
        self.logger = logger
        let folder = try configuration.requireStateFolder()
        tokens = try TokenStore(folder: folder)
        sessions = try Sessions(
            folder: folder, seconds: Int64(configuration.sessionMinutes) * 60, isSecure: configuration.isSecure)
        jobs = try JobFolder(path: Files.join(folder, "jobs"))
        senders = try SenderFolder(path: Files.join(folder, "senders"))
        metrics = Metrics()
        callbacks = try CallbackBook(
            path: Files.join(folder, "callbacks"), hosts: configuration.callbacks.hosts, metrics: metrics)
        drp = try DRPDoor(configuration)
        opendsrSigner = try configuration.opendsrCertificate.map { certificate in
            try CertificateSigner(
                certificatePEM: Files.read(certificate, limit: 1 << 16),
                keyPEM: Files.readPrivate(configuration.opendsrKey ?? "", limit: 1 << 16))
        }
        pool = WorkspacePool(
            root: configuration.workspace, readers: configuration.readers, waiting: configuration.limits.waiting,
            environment: environment)
        intake = IntakeQueue(writer: pool.writer, limit: configuration.limits.waiting)
        limiter = RateLimiter(seconds: environment.seconds)
        pages = try PageRenderer()
        // Last: Swift 6.3 fails to compile an initialiser that may throw once it has values that cannot be copied.
        isEnding = Atomic(false)
        streams = Atomic(0)
    }

    /// The time of day.
    public var now: Timestamp { environment.now() }
}
