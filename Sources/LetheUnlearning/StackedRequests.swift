public import LetheTransformer

/// A method that answers requests one after another, each from the model that the last one left.
///
/// The forgotten users are divided into as many requests, in the order of their numbers. While a request is answered, the records of
/// those who have not asked yet are retained ones. Compared with the same method on all users at once from the original (METHODS 6.3),
/// the difference is what errors that add up cost.
public struct StackedRequests: UnlearningMethod {
    /// What answers each request.
    public let method: any UnlearningMethod
    /// How many requests there are.
    public let requests: Int

    /// The method, `requests` times.
    public init(_ method: any UnlearningMethod, requests: Int) {
        self.method = method
        self.requests = requests
    }

    /// The method's name and `/stacked`.
    public var name: String { method.name + "/stacked" }
    /// As the method.
    public var isExact: Bool { method.isExact }
    /// As the method, and whose the forgotten records are.
    public var reads: MethodInputs { method.reads.union(.origins) }
    /// As the method, once a request.
    public var residueKinds: [Residue.Kind] { method.residueKinds }

    /// The method's.
    public func trainableParameters(of shape: T5Configuration) throws(ModelError) -> Int {
        try method.trainableParameters(of: shape)
    }

    /// Answers the requests in turn.
    /// - Throws: `UnlearningError.originsMissing`; `.isEnsemble` where a request leaves several models; what the method throws.
    public func unlearn(_ task: UnlearningTask, progress: ProgressHandler) throws -> UnlearnedModel {
        guard task.forgottenOrigins.count == task.forgotten.count else {
            throw UnlearningError.originsMissing(
                method: name, records: task.forgotten.count, origins: task.forgottenOrigins.count)
        }
        let users = Set(task.forgottenOrigins.map(\.user)).sorted()
        let requestOf = Dictionary(
            uniqueKeysWithValues: users.enumerated().map { ($1, $0 * requests / max(users.count, 1)) })
        var residue: [Residue] = []
        var model = RecommenderModel.single(task.original)
        var records: Int?
        var rest = task
        // Stages of one name in several requests cannot be kept apart; between requests there is a place to stop.
        rest.session = .unkept
        for request in 0..<requests {
            let isAsked = task.forgottenOrigins.map { requestOf[$0.user] == request }
            let waits = task.forgottenOrigins.map { (requestOf[$0.user] ?? 0) > request }
            func part<Value>(_ values: [Value], _ isIn: [Bool]) -> [Value] { zip(values, isIn).filter(\.1).map(\.0) }
            guard isAsked.contains(true) else { continue }
            try task.session.stopIfAsked(name)
            rest.original = try model.singleModel()
            rest.forgotten = part(task.forgotten, isAsked)
            rest.forgottenOrigins = part(task.forgottenOrigins, isAsked)
            rest.retained = task.retained + part(task.forgotten, waits)
            rest.retainedOrigins = task.retainedOrigins + part(task.forgottenOrigins, waits)
            rest.seeds.order = task.seeds.order &+ UInt64(request)
            rest.seeds.dropout = task.seeds.dropout &+ UInt64(request)
            rest.seeds.adapter = task.seeds.adapter &+ UInt64(request)
            let answer = try method.unlearn(rest, progress: progress)
            model = answer.model
            residue += answer.residue
            if let more = answer.recordsTrained { records = (records ?? 0) + more }
        }
        return UnlearnedModel(
            model: model, trainableParameters: try trainableParameters(of: task.original.configuration),
            modelsRead: [.original], residue: residue, recordsTrained: records)
    }
}
