import LetheUnlearning

/// How long each stage of a computation took, by what it tells of its progress.
struct StageClock {
    private let environment: ServiceEnvironment
    private var current: (name: String, began: Double)?
    private var steps: [RunDossier.Step] = []

    init(_ environment: ServiceEnvironment) {
        self.environment = environment
    }

    mutating func note(_ progress: Progress) {
        guard case .began(let stage, _) = progress else { return }
        close()
        current = (stage, environment.seconds())
    }

    mutating func finish() -> [RunDossier.Step] {
        close()
        return steps
    }

    private mutating func close() {
        guard let current else { return }
        steps.append(RunDossier.Step(name: current.name, seconds: environment.seconds() - current.began))
        self.current = nil
    }
}
