import Glibc
import LetheBytes
import LetheCrypto
import LetheRecommendation
import LetheRequests
import LetheStatements
import LetheStore

/// Measures the officer's commands, each as a process of its own, on a workspace with many open requests.
public struct DeskBenchmark {
    private let requests: Int
    private let folder: String
    private let environment: ServiceEnvironment
    private let run: (_ arguments: [String]) throws -> Double

    /// How often each command is run.
    static let repetitions = 5
    /// The requests were received over so many days, so that some are overdue, some pressing, and for some there is time.
    static let days = 40
    private static let origin = "benchmark.lethe.example/desk"

    /// A benchmark in a folder of its own.
    ///
    /// - Parameter run: runs this program with these arguments, and returns the seconds that took.
    public init(
        requests: Int, in folder: String, environment: ServiceEnvironment,
        run: @escaping (_ arguments: [String]) throws -> Double
    ) {
        self.requests = requests
        self.folder = folder
        self.environment = environment
        self.run = run
    }

    /// Makes the workspace and measures.
    public func figures(progress: (String) -> Void) throws -> DeskFigures {
        let root = Files.join(folder, "desk")
        let workspace = try create(root)
        progress("\(requests) requests")
        let began = environment.seconds()
        try fill(workspace)
        let filling = environment.seconds() - began
        let more = try signed(workspace, count: Self.repetitions)
        let options = ["--workspace", root]
        var figures = DeskFigures(
            at: environment.now(), machine: environment.description, requests: try workspace.requests().count,
            entries: Int(clamping: try workspace.store.size()), fillSeconds: filling,
            ledgerBytes: Self.size(workspace.paths.database))
        for (name, arguments) in [
            ("request list", ["request", "list"]),
            ("request list --format csv", ["request", "list", "--format", "csv"]),
            ("request list --json", ["request", "list", "--json"]),
            ("request list --due-within 7", ["request", "list", "--due-within", "7"]),
            ("run --plan", ["run", "--plan"]), ("request statistics", ["request", "statistics"]),
        ] {
            progress(name)
            figures.commands.append(
                .init(name: name, seconds: try (0..<Self.repetitions).map { _ in try run(arguments + options) }))
        }
        progress("request submit")
        figures.commands.append(
            .init(name: "request submit", seconds: try more.map { try run(["request", "submit", $0] + options) }))
        let last = try workspace.requests().suffix(Self.repetitions).map(\.requestID.text)
        figures.commands.append(
            .init(
                name: "request withdraw", seconds: try last.map { try run(["request", "withdraw", $0] + options) }))
        return figures
    }

    /// The bytes of a file, which is not opened: closing it would take away the locks of this process's own connection, and the next process
    /// that ends would empty the write-ahead log under it (sqlite.org/howtocorrupt.html, 2.2).
    private static func size(_ path: String) -> Int {
        var status = stat()
        return stat(path, &status) == 0 ? Int(status.st_size) : 0
    }

    private func create(_ root: String) throws -> Workspace {
        let data = Files.join(folder, "data")
        try DataSynthesizer(seed: 7).write(to: data)
        var past = environment
        let start = environment.now().adding(seconds: -Int64(Self.days) * 86_400)
        past.now = { start }
        return try Workspace.create(
            at: root, policy: BuiltInPolicy.demo, profile: DatasetProfile(kind: .synthetic, folder: data),
            origin: Self.origin, environment: past)
    }

    /// Receives requests of people who exist only as numbers, as many on each day.
    private func fill(_ workspace: Workspace) throws {
        let reception = RequestReception(
            store: workspace.store, signer: try workspace.keys.noteSigner(origin: Self.origin))
        // Numbers that no person of the data has.
        let first = 1 << 30
        let subjects = DataSubjects(names: (first..<(first + requests)).map { (name: "\($0)", user: $0) })
        let portal = try workspace.keys.portal
        for day in 0..<Self.days {
            let now = environment.now().adding(seconds: Int64(day - Self.days) * 86_400 + 60)
            let people = (first + requests * day / Self.days)..<(first + requests * (day + 1) / Self.days)
            let signed = try Array(people).concurrentMap { number in
                Result<[UInt8], any Error> { try Self.sign("\(number)", at: now, with: portal) }
            }.map { try $0.get() }
            let intake = RequestIntake(
                checker: RequestChecker(
                    audience: Self.origin, requesterKeys: [portal.publicKey], policy: workspace.policy),
                rules: try workspace.rules(), subjects: subjects, controller: try workspace.keys.controller,
                masterKey: try workspace.masterKey, now: now)
            try reception.receive(signed, groupSize: Workspace.groupSize, judging: { intake }) { outcomes in
                for case .refused(let error) in outcomes { throw error }
            }
        }
    }

    /// Signed requests of people of the data, as files.
    private func signed(_ workspace: Workspace, count: Int) throws -> [String] {
        let (dataset, split) = try workspace.data()
        let portal = try workspace.keys.portal
        return try split.trainingUsers.prefix(count).compactMap { dataset.user($0)?.name }.map { name in
            let path = Files.join(folder, "request-\(name).json")
            try Files.write(Self.sign(name, at: environment.now(), with: portal), to: path)
            return path
        }
    }

    private static func sign(_ name: String, at now: Timestamp, with portal: SigningKey) throws -> [UInt8] {
        var generator = SecureGenerator()
        guard let subject = SubjectIdentity(type: DataSubjects.identityType, value: name) else {
            throw ServiceError.unknownSubject
        }
        return try DeletionRequest(
            regulation: .gdpr, subject: subject, audience: origin, issuedAt: now, validSeconds: 86_400,
            agent: "privacy-portal",
            identity: IdentityProof(level: .accountAuthenticated, method: .accountSession), using: &generator
        ).sign(with: portal)
    }
}

extension Workspace {
    /// Signed requests of the people of the data set, again and again, for a benchmark of what takes them.
    package func loadRequests(_ count: Int) throws -> [[UInt8]] {
        let people = try data().split.trainingUsers
        guard !people.isEmpty else { throw ServiceError.unknownSubject }
        let (portal, now) = (try keys.portal, environment.now())
        var generator = SecureGenerator()
        return try (0..<count).map { number in
            guard let (dataset, _) = try? data(), let user = dataset.user(people[number % people.count]),
                let subject = SubjectIdentity(type: DataSubjects.identityType, value: user.name)
            else { throw ServiceError.unknownSubject }
            return try DeletionRequest(
                regulation: .gdpr, subject: subject, audience: origin, issuedAt: now, validSeconds: 3_600,
                agent: "benchmark", identity: IdentityProof(level: .accountAuthenticated, method: .accountSession),
                using: &generator
            ).sign(with: portal)
        }
    }
}
