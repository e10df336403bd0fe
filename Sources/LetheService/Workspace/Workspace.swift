import LetheBytes
public import LetheCertificates
import LetheCrypto
public import LetheLog
import LetheRecommendation
import LetheReports
public import LetheRequests
import LetheStatements
public import LetheStore
import LetheTensor
import LetheTransformer

/// A controller's desk: one ledger, one policy, one recommender, in one folder.
///
/// Not for several threads at once; several processes may open the same workspace, the ledger orders them.
public final class Workspace {
    /// Where things are.
    public let paths: WorkspacePaths
    /// The policy in force.
    public let policy: Policy
    /// Which records the recommender learns from.
    public let profile: DatasetProfile
    /// The log, requests, vault and runs.
    public let store: LedgerStore
    /// Clocks.
    let environment: ServiceEnvironment
    /// Threads that models are trained on.
    let pool: WorkerPool

    /// The entry that adopted the policy: nothing is appended once another has.
    var policyEntry: UInt64?

    private let keyRing: Lazy<WorkspaceKeys>
    private var registry: (keys: KeyRegistry, size: UInt64)?
    private let loaded: Lazy<(dataset: InteractionDataset, split: RecommendationSplit)>
    private var knownSubjects: DataSubjects?
    /// Whether this object holds the workspace's runs; see `holdingRuns`.
    var isHoldingRuns = false

    /// Requests that this process turned away; they leave no trace in the log.
    private(set) var refusals: [AuditReport.Refusal] = []

    /// The level of every gate, which is that of the judge's intervals.
    static let judgedLevel = 0.05

    /// The log's origin.
    public var origin: String { store.origin }

    private init(
        paths: WorkspacePaths, policy: Policy, profile: DatasetProfile, store: LedgerStore,
        environment: ServiceEnvironment, threads: Int?
    ) {
        self.paths = paths
        self.policy = policy
        self.profile = profile
        self.store = store
        self.environment = environment
        pool = WorkerPool(threads: threads ?? policy.threads)
        keyRing = Lazy { try WorkspaceKeys.read(from: paths, passphrase: environment.passphrase) }
        loaded = Lazy { try profile.load() }
    }

    /// Makes a new workspace: keys, ledger, policy, and the commitment to the training records, all in the log.
    ///
    /// The folder appears only when everything in it is complete. With `encryptingKeys`, the private keys are kept under the
    /// environment's passphrase.
    /// - Throws: `ServiceError.workspaceExists`; errors of the policy, the data set and the file system.
    public static func create(
        at root: String, policy bytes: [UInt8], profile: DatasetProfile, origin: String,
        environment: ServiceEnvironment,
        encryptingKeys: Bool = false
    ) throws -> Workspace {
        guard !Files.exists(root) else { throw ServiceError.workspaceExists(path: root) }
        let policy = try Policy(yaml: bytes)
        guard policy.verification.thresholds.alpha == judgedLevel else {
            throw ServiceError.unsupportedLevel(found: policy.verification.thresholds.alpha, expected: judgedLevel)
        }
        let passphrase = try encryptingKeys ? environment.passphrase() : nil
        try passphrase?.requireStrength()
        let (dataset, split) = try profile.load()
        try Files.createFolders(Files.folder(of: root))
        let draft = root + ".incomplete"
        try Files.remove(draft)
        do {
            try Files.createFolder(draft)
            let paths = WorkspacePaths(root: draft)
            let keys = WorkspaceKeys.generate(for: paths)
            try keys.write(under: passphrase)
            for folder in [paths.models, paths.runs, paths.certificates] { try Files.createFolder(folder) }
            try Files.write(bytes, to: paths.policy)
            try Files.write(try profile.json.canonicalBytes() + [0x0A], to: paths.configuration)
            try Files.write(Array(try keys.trustFile(origin: origin).text.utf8), to: paths.trust)
            _ = try MasterKey.create(paths.vaultKey)
            try logBeginning(
                LedgerStore.create(paths.database, origin: origin), keys: keys, policy: policy, profile: profile,
                split: split, now: environment.now())
            try Files.rename(draft, to: root)
            try Files.synchronizeFolder(Files.folder(of: root))
        } catch {
            try? Files.remove(draft)
            throw error
        }
        let workspace = try open(root, environment: environment)
        workspace.loaded.set((dataset, split))
        return workspace
    }

    /// The first entries of a log: its keys, its policy, and what it is going to train on.
    private static func logBeginning(
        _ store: LedgerStore, keys: WorkspaceKeys, policy: Policy, profile: DatasetProfile, split: RecommendationSplit,
        now: Timestamp
    ) throws {
        var entries = try WorkspaceKeys.roles.enumerated().map { index, entry in
            try LedgerEvent.key(
                KeyEvent(
                    .add(validFrom: UInt64(index)), key: keys.key(entry.name).publicKey, role: entry.role,
                    origin: store.origin, at: now, requiresPossession: entry.role == .root)
            ).sign(with: [keys.root])
        }
        let adoption = PolicyEvent(
            adopting: policy, at: now,
            extra: [
                "dataset": .string(profile.kind.rawValue), "trainingRecords": .string("\(split.training.count)"),
                "trainingRecordsRoot": .string(recordsRoot(split.training).hex),
            ])
        entries.append(try LedgerEvent.policy(adoption).sign(with: [keys.controller]))
        try store.append(entries: entries, expectedSize: 0, signer: keys.noteSigner(origin: store.origin))
    }

    /// Opens a workspace.
    /// - Throws: `ServiceError.workspaceMissing`, `.workspaceDamaged`, `.policyChanged`; `StoreError` where the ledger does not
    ///   hold together.
    public static func open(_ root: String, environment: ServiceEnvironment) throws -> Workspace {
        if try !WorkspaceKeys.pending(WorkspacePaths(root: root)).isEmpty {
            // A key change was cut off: the log decides, so it is read before the files are believed.
            try openForAudit(root, environment: environment).finishKeyChanges()
        }
        return try assemble(root, environment: environment) { paths, verifier in
            try LedgerStore.open(paths.database, logVerifier: verifier)
        }.underLoggedPolicy(finishesAdoption: true)
    }

    /// Opens a workspace to look at it: no file of it is written, and no private key is needed.
    ///
    /// - Parameters:
    ///   - data: where the data set's files are, in place of the folder that the workspace was made with.
    ///   - threads: as many threads to compute on, in place of the policy's; no bit depends on it.
    /// - Throws: as `open` does; `EngineError` for a number of threads out of range.
    public static func openToRead(
        _ root: String, data: String? = nil, threads: Int? = nil, environment: ServiceEnvironment
    ) throws -> Workspace {
        if let threads { try ModelFolders.checkRange("--threads", threads, 1...1024) }
        return try assemble(root, environment: environment, data: data, threads: threads) { paths, verifier in
            try LedgerStore.openToRead(paths.database, logVerifier: verifier)
        }.underLoggedPolicy(finishesAdoption: false)
    }

    /// Opens a workspace whatever its ledger and the policy's file hold now, for an audit to name what is wrong.
    static func openForAudit(_ root: String, environment: ServiceEnvironment) throws -> Workspace {
        try assemble(root, environment: environment) { paths, _ in try LedgerStore.openForAudit(paths.database) }
    }

    private static func assemble(
        _ root: String, environment: ServiceEnvironment, data: String? = nil, threads: Int? = nil,
        openLedger: (WorkspacePaths, NoteVerifier?) throws -> LedgerStore
    ) throws -> Workspace {
        let paths = WorkspacePaths(root: root)
        guard Files.kind(root) == .folder, Files.exists(paths.database) else {
            throw ServiceError.workspaceMissing(path: root)
        }
        let policy: Policy
        do {
            policy = try Policy(yaml: try Files.read(paths.policy, limit: Policy.maximumFileSize + 1))
        } catch let error as PolicyError {
            throw ServiceError.workspaceDamaged(file: paths.policy, problem: "\(error)")
        }
        var profile: DatasetProfile
        do {
            profile = try DatasetProfile(StrictJSON.parse(try Files.read(paths.configuration, limit: 1 << 16)))
        } catch let error as JSONError {
            throw ServiceError.workspaceDamaged(file: paths.configuration, problem: "\(error)")
        }
        if let data {
            profile = DatasetProfile(
                kind: profile.kind, folder: data, isQuick: profile.isQuick, mapping: profile.mapping)
        }
        let trust = try readTrust(paths.trust)
        let verifier = try trust.logs.first.map { try NoteVerifier(name: trust.origin ?? "", key: $0) }
        return Workspace(
            paths: paths, policy: policy, profile: profile, store: try openLedger(paths, verifier),
            environment: environment, threads: threads)
    }

    /// The same workspace under another policy.
    func under(_ policy: Policy) -> Workspace {
        Workspace(
            paths: paths, policy: policy, profile: profile, store: store, environment: environment,
            threads: pool.threads)
    }

    /// The origin of the workspace at `root`, from its public trust file: enough to address a request to it.
    public static func origin(of root: String) throws -> String {
        let paths = WorkspacePaths(root: root)
        guard Files.exists(paths.trust) else { throw ServiceError.workspaceMissing(path: root) }
        guard let origin = try readTrust(paths.trust).origin else {
            throw ServiceError.workspaceDamaged(file: paths.trust, problem: "names no origin")
        }
        return origin
    }

    /// The public keys that a verifier starts from.
    public func trust() throws -> TrustFile { try Self.readTrust(paths.trust) }

    static func readTrust(_ path: String) throws -> TrustFile {
        do {
            return try TrustFile(parsing: String(decoding: try Files.read(path, limit: 1 << 20), as: UTF8.self))
        } catch let error as TrustFileError {
            throw ServiceError.workspaceDamaged(file: path, problem: "\(error)")
        }
    }

    /// Remembers a refusal for the report of this session.
    func note(_ refusal: AuditReport.Refusal) { refusals.append(refusal) }

    /// Forgets the refusals of this session: a server's lasts for months, and the tally on the disk has counted them.
    package func forgetRefusals() { refusals = [] }

    // MARK: - What the parts of the service share

    var keys: WorkspaceKeys { get throws { try keyRing.value } }

    /// The key that the vault's keys are wrapped under.
    var masterKey: MasterKey { get throws { try MasterKey.load(paths.vaultKey) } }

    /// The data set and its split.
    func data() throws -> (dataset: InteractionDataset, split: RecommendationSplit) { try loaded.value }

    /// The people whom the data set has training records of.
    func subjects() throws -> DataSubjects {
        if let knownSubjects { return knownSubjects }
        let (dataset, split) = try data()
        let subjects = DataSubjects(dataset, split)
        knownSubjects = subjects
        return subjects
    }

    /// Whose requests are being handled.
    func openRequests() throws -> OpenRequests { try OpenRequests(store: store, masterKey: masterKey) }

    /// Appends events signed by the controller and, where a person decided them, by that `actor`, under a checkpoint of their own, in one
    /// transaction; returns their indexes.
    @discardableResult
    func record(
        _ events: [LedgerEvent], vault: [VaultItem] = [], by actor: SigningKey? = nil, expectedSize: UInt64? = nil
    ) throws -> Range<UInt64> {
        let signers = [try keys.controller, actor].compactMap(\.self)
        let entries = try events.map { try $0.sign(with: signers) }
        return try store.append(
            entries: entries, vault: vault, masterKey: vault.isEmpty ? nil : masterKey, expectedSize: expectedSize,
            policyEntry: policyEntry, signer: keys.noteSigner(origin: origin)
        ).indexes
    }

    /// The keys that the log has registered, with role and validity.
    public func registeredKeys() throws -> [KeyRegistry.Registration] {
        try keyRegistry().registrations.values.sorted { ($0.validFrom, $0.key.keyID) < ($1.validFrom, $1.key.keyID) }
    }

    /// What the key events of all entries add up to.
    func keyRegistry() throws -> KeyRegistry {
        var (known, folded) = try registry ?? (KeyRegistry(origin: origin, trustedRoots: [rootKey()]), 0)
        for (index, bytes) in try store.registrations(PredicateType.keyEvent, from: folded) {
            let envelope = try DSSEEnvelope(parsing: bytes)
            let statement = try Statement(parsingUnverified: envelope.payload)
            if case .key(let event) = try LedgerEvent(statement) {
                let signers = try envelope.verify(trusting: known.keys(at: index, signing: event)).signers
                try known.apply(event, at: index, signers: signers)
            }
            folded = index + 1
        }
        registry = (known, folded)
        return known
    }

    /// The public half of the key that signs key events: where trust in this log's keys starts.
    func rootKey() throws -> VerifyingKey { try Self.rootKey(paths) }

    static func rootKey(_ paths: WorkspacePaths) throws -> VerifyingKey {
        do {
            return try VerifyingKey(
                pem: String(decoding: try Files.read(paths.rootKey, limit: 4096), as: UTF8.self))
        } catch let error as KeyError {
            throw ServiceError.workspaceDamaged(file: paths.rootKey, problem: "\(error)")
        }
    }

    /// Publishes a checkpoint over all entries.
    @discardableResult
    public func checkpoint() throws -> SignedNote {
        try store.checkpoint(signer: keys.noteSigner(origin: origin))
    }

    /// Publishes a checkpoint for seeds to be drawn from.
    func seedSource() throws -> LetheRequests.SeedSource {
        let checkpoint = try Checkpoint(parsing: checkpoint().text)
        return LetheRequests.SeedSource(checkpointSize: checkpoint.size, rootHash: checkpoint.rootHash)
    }
}

/// A value that is computed when it is first needed. For one thread.
final class Lazy<Value> {
    private var stored: Value?
    private let make: () throws -> Value

    init(_ make: @escaping () throws -> Value) { self.make = make }

    var value: Value {
        get throws {
            if let stored { return stored }
            let made = try make()
            stored = made
            return made
        }
    }

    func set(_ value: Value) { stored = value }
}
