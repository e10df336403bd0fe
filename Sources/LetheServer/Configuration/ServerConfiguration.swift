import LetheBytes
import LetheService

/// What the operator chooses.
public struct ServerConfiguration: Sendable, Equatable {
    /// The workspace's folder.
    public var workspace = "lethe-workspace"
    /// The folder of the server's own state; nil for `server` in the workspace.
    public var state: String?
    /// The address to listen at.
    public var host = "127.0.0.1"
    /// The port; 0 for any that is free.
    public var port = 8080
    /// Under which URL others reach the server, without a slash at the end; nil where nobody need know.
    public var publicURL: String?
    /// The certificate chain for TLS, a PEM file; nil for plain HTTP, behind a proxy or at home.
    public var certificate: String?
    /// The certificate's private key, a PEM file.
    public var certificateKey: String?
    /// What a caller may ask of the server.
    public var limits = Limits()
    /// How many requests for reading are worked on at a time.
    public var readers = 2
    /// How long a browser's session lasts.
    public var sessionMinutes = 480
    /// Whether `/metrics` needs a token.
    public var metricsNeedToken = false
    /// This business's id in the service directory of the Data Rights Protocol; nil where that door is shut.
    public var drpBusiness: String?
    /// The file with the agents of the service directory.
    public var drpAgents: String?
    /// How long an agent's bearer token counts.
    public var drpTokenDays = 90
    /// The domain that OpenDSR answers name as the processor's; nil where that door is shut.
    public var opendsrDomain: String?
    /// The X.509 certificate that those answers are signed with, a PEM file.
    public var opendsrCertificate: String?
    /// Its private key, a PEM file.
    public var opendsrKey: String?
    /// Whom the doors call back, and how.
    public var callbacks = Callbacks()
    /// A file with the passphrase of encrypted keys.
    public var passphraseFile: String?
    /// The folder with the benchmark results that are shown; nil for `benchmarks` in the workspace's folder of reports.
    public var benchmarks: String?
    /// The folder in which the data pipeline leaves the cleaned data set; nil where the server is not to look at any.
    public var cleanedData: String?
    /// The least that is logged: `debug`, `info`, `warning`, `error`.
    public var logLevel = LogLevel.info
    /// How long requests under way may take after the server was asked to end.
    public var shutdownSeconds = 20

    /// Levels of the log.
    public enum LogLevel: String, Sendable, CaseIterable { case debug, info, warning, error }

    /// How senders of requests in other formats are told of changes.
    public struct Callbacks: Sendable, Equatable {
        /// The hosts that may be told; nobody is called back where there are none.
        public var hosts: [CallbackHost] = []
        /// Attempts to tell one status.
        public var attempts = 10
        /// Seconds before the second attempt, doubled before each further one, six hours at most.
        public var backoffSeconds = 30
        /// Seconds in which a host must have answered.
        public var timeoutSeconds = 10
    }

    /// What a caller may ask of the server.
    public struct Limits: Sendable, Equatable {
        /// The most bytes of any body; a route may take fewer.
        public var bodyBytes = 1 << 20
        /// The most bytes of all header fields.
        public var headerBytes = 16_384
        /// The most header fields.
        public var headerFields = 100
        /// The most connections.
        public var connections = 1_024
        /// Calls a minute from one address; 0 for any number.
        public var perMinuteAndAddress = 600
        /// Calls a minute with one token; 0 for any number.
        public var perMinuteAndToken = 1_200
        /// Seconds in which a head must be there, and after which a connection without a request is closed.
        public var idleSeconds = 15
        /// Seconds in which a whole body must be there.
        public var bodySeconds = 20
        /// Seconds in which a reader must take some of what is sent.
        public var writeSeconds = 30
        /// Jobs that may wait for a thread of each kind.
        public var waiting = 2_048
        /// Progress streams at a time.
        public var streams = 32
    }

    /// The defaults.
    public init() {}

    /// Whether the server speaks TLS.
    public var isSecure: Bool { certificate != nil }

    /// Where the server keeps its own state.
    public var stateFolder: String {
        state ?? (workspace.hasSuffix("/") ? workspace + "server" : workspace + "/server")
    }

    /// The same, of a workspace that is there: nothing is made beside one that is not.
    /// - Throws: `ServiceError.workspaceMissing`.
    public func requireStateFolder() throws -> String {
        guard Files.exists(WorkspacePaths(root: workspace).trust) else {
            throw ServiceError.workspaceMissing(path: workspace)
        }
        return stateFolder
    }
}
