import LetheBytes
import LethePages
import LetheReports
import LetheRequests
import LetheService
import LetheStatements
import LetheStore

/// Runs, live and ended, their results and reports.
enum RunPages {
    static let all: [Route] = [
        .page("/runs", operation: "runsPage", "The runs, and what comes next.", access: .roles(AccessRole.people)) {
            call in
            let (jobs, role) = (call.services.jobs, call.caller.token?.role ?? .auditor)
            return call.page(try await call.services.pool.read { try RunsPage(jobs.jobs(), role, in: $0) })
        },
        .page("/runs/start", operation: "startPage", "Asks whether to begin a run.", access: .roles(AccessRole.runners))
        { call in
            let plan = try await call.services.pool.read { try $0.runPlan() }
            return call.page(
                ActPage(
                    heading: "Begin a run?", subject: Link("Runs", path: "/runs"),
                    consequences: [
                        "\(plan.taken) of \(plan.waiting) waiting requests are taken.",
                        "The model is made to forget, measured, and certified, whatever the verdict.",
                        "It takes as long as the policy's method does; you can watch it.",
                    ], action: "/runs/start", isIrreversible: false, button: "Begin"))
        },
        .form(
            "/runs/start", operation: "startRun", "Asks the worker for a run.",
            access: .roles(AccessRole.runners),
            body: Route.fields("The form's token."), others: [Route.goesOn, .refusal(409, "Nobody waits.")]
        ) { call in
            guard let token = call.caller.token else { throw Problem(401, "no-token", "expected a session") }
            let services = call.services
            let job = try await services.pool.write { workspace in
                guard try workspace.runPlan().step != .nothing else { throw ServiceError.nothingDue }
                return try services.jobs.ask(by: token.id, method: nil, now: services.now)
            }
            return .redirect("/runs/jobs/\(job.id)")
        },
        .page(
            "/runs/jobs/{id}", operation: "jobPage", "A run as it goes.", access: .roles(AccessRole.people),
            parameters: [id]
        ) { call in
            let (jobs, id, role) = (call.services.jobs, call["id"], call.caller.token?.role ?? .auditor)
            let page = try await call.services.pool.read { _ in
                let path = jobs.progressFile(id)
                let bytes = Files.exists(path) ? try Files.read(path, limit: JobFolder.progressLimit + 1) : []
                return RunPage(try jobs.job(id), JobProgress(bytes), mayStop: AccessRole.runners.contains(role))
            }
            return call.page(page)
        },
        .page(
            "/runs/jobs/{id}/stop", operation: "stopPage", "Asks whether to stop a run.",
            access: .roles(AccessRole.runners), parameters: [id]
        ) { call in
            let id = call["id"]
            return call.page(
                ActPage(
                    heading: "Stop this run?", subject: Link("Job \(id)", path: "/runs/jobs/\(id)"),
                    consequences: [
                        "What it has done is kept, and the next run goes on with it.", "Requests in it wait longer.",
                    ],
                    action: "/runs/jobs/\(id)/stop", isIrreversible: false, button: "Stop"))
        },
        .form(
            "/runs/jobs/{id}/stop", operation: "stopRun", "Asks the worker to stop.",
            access: .roles(AccessRole.runners),
            parameters: [id], body: Route.fields("The form's token."),
            others: [Route.goesOn, .refusal(409, "It has ended.")]
        ) { call in
            let (jobs, id) = (call.services.jobs, call["id"])
            try await call.services.pool.write { _ in
                guard try !jobs.job(id).state.isFinal else {
                    throw Problem(409, "job-ended", "the job has ended already")
                }
                try jobs.cancel(id)
            }
            return .redirect("/runs/jobs/\(id)")
        },
        .page(
            "/runs/{id}/result", operation: "resultPage", "What a run's verification came to.",
            access: .roles(AccessRole.people),
            parameters: [id], others: [.refusal(409, "It was not judged yet.")]
        ) { call in
            let id = call["id"]
            let page = try await call.services.pool.readSlowly { workspace in
                let measured = try workspace.measurements(id)
                return ResultPage(
                    verdict: .verdict(measured.verdict), report: try workspace.auditReport(id),
                    links: ReportFormat.allCases.map {
                        Link("The report as \($0.rawValue)", path: "/api/v1/runs/\(id)/report?format=\($0.rawValue)")
                    } + [Link("The certificates", path: "/certificates")])
            }
            return call.page(page)
        },
    ]

    private static let id = Parameter.path("id", .uuid, "Its id.")
}

extension RunsPage {
    fileprivate init(_ jobs: [Job], _ role: AccessRole, in workspace: Workspace) throws {
        let plan = try workspace.runPlan()
        let due = plan.earliestDue.map { " The first of them must be answered by \($0)." } ?? ""
        let words =
            switch plan.step {
            case .nothing: "No request waits for a run."
            case .certify(let run): "Run \(run) was judged; its certificates are handed out next."
            case .verify(let run): "Run \(run) has a candidate that is measured next."
            case .unlearn(let interrupted):
                "\(plan.waiting) request\(plan.waiting == 1 ? " waits" : "s wait")\(interrupted ? ", and a run that was cut off is gone on with" : "").\(due)"
            }
        let open = jobs.reversed().map { job -> [TableView.Content] in
            [
                .link("job \(job.id)", path: "/runs/jobs/\(job.id)"), .mark(job.mark),
                .text(job.method ?? "the policy's"), .text(job.askedAt),
            ]
        }
        let logged = try workspace.store.runs().reversed().map { run -> [TableView.Content] in
            let isJudged = run.stage == .verified
            let mark: Mark = isJudged ? .verdict(run.verdict?.rawValue ?? "") : .waits(word: run.stage.rawValue)
            return [
                isJudged ? .link(run.runID.text, path: "/runs/\(run.runID.text)/result") : .text(run.runID.text),
                .mark(mark),
                .text((try? workspace.dossier(of: run.runID.text))?.method ?? ""), .text(run.startedAt.words),
            ]
        }
        self.init(
            plan: words, startPath: AccessRole.runners.contains(role) && plan.step != .nothing ? "/runs/start" : nil,
            table: TableView(
                caption: "Jobs and runs", columns: ["Which", "Result", "Method", "Begun"], rows: open + logged))
    }
}

extension Job {
    fileprivate var mark: Mark {
        switch state {
        case .waiting: .waits(word: "waits for the worker")
        case .running: .goesOn(word: "goes on")
        case .done: .verdict(verdict ?? "done")
        case .failed: .holds(false, word: "failed")
        case .cancelled: .waits(word: "stopped")
        }
    }
}

/// What a job's progress adds up to.
struct JobProgress {
    struct Stage {
        let name: String
        var units: Int
        var done = 0
        var training: [Double] = []
        var validation: [Double] = []
    }

    private(set) var stages: [Stage] = []
    private(set) var line = ""

    init(_ bytes: [UInt8]) {
        for text in bytes.split(separator: 0x0A) {
            guard let json = try? StrictJSON.parse(Array(text), maximumDepth: 4), let event = json["event"]?.stringValue
            else { continue }
            func number(_ name: String) -> Int { json[name]?.stringValue.flatMap { Int($0) } ?? 0 }
            func loss(_ name: String) -> Double? { json[name]?.stringValue.flatMap { Double($0) } }
            if event == "began" { stages.append(Stage(name: json["stage"]?.stringValue ?? "", units: number("units"))) }
            if event == "notice" { line = json["text"]?.stringValue ?? "" }
            guard let last = stages.indices.last else { continue }
            switch event {
            // The file is another process's: whatever it says, no sum of it may trap.
            case "advanced": stages[last].done &+= number("units")
            case "resumed": stages[last].done = number("steps")
            case "epoch":
                if let value = loss("trainingLoss") { stages[last].training.append(value) }
                if let value = loss("validationLoss") { stages[last].validation.append(value) }
            default: break
            }
        }
    }
}

extension RunPage {
    fileprivate init(_ job: Job, _ progress: JobProgress, mayStop: Bool) {
        let isLive = !job.state.isFinal
        let last = progress.stages.indices.last
        self.init(
            runID: job.run ?? job.id, mark: job.mark, isLive: isLive, eventsPath: "/api/v1/jobs/\(job.id)/progress",
            stage: progress.stages.last?.name ?? "waits for the worker",
            done: job.state == .done ? 1 : progress.stages.last?.done ?? 0,
            units: job.state == .done ? 1 : progress.stages.last?.units ?? 1, line: job.message ?? progress.line,
            stages: progress.stages.enumerated().map { number, stage in
                let isNow = isLive && number == last
                return Stage(
                    name: stage.name, mark: isNow ? .goesOn(word: "now") : .holds(true, word: "done"),
                    duration: "\(stage.done) of \(stage.units) units")
            },
            curves: progress.stages.filter { !$0.training.isEmpty }.map {
                Curve(title: $0.name, training: $0.training, validation: $0.validation)
            },
            facts: [
                Fact("Asked", job.askedAt), Fact("Method", job.method ?? "the policy's"),
                Fact("Job", job.id, isCode: true),
            ],
            stopPath: isLive && mayStop ? "/runs/jobs/\(job.id)/stop" : nil,
            resultPath: job.state == .done ? job.run.map { "/runs/\($0)/result" } : nil)
    }
}
