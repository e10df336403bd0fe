public import LetheTensor
public import LetheTransformer

/// Several models of one shape that answer together.
///
/// There is no single T5 that computes what they do: aggregation happens after the members' nonlinear layers, so neither averaged
/// weights nor summed adapters equal it. What is saved, served and audited is the set.
public struct EnsembleModel: Sendable, Equatable {
    /// What the members are.
    public enum Members: Sendable, Equatable {
        /// Models with weights of their own.
        case models([T5Parameters])
        /// Adapters on one base, which learned from no user.
        case adapters(base: T5Parameters, [LoRAParameters])
    }

    /// What the members are; at least one.
    public let members: Members
    /// How their answers become one.
    public let aggregation: Aggregation

    /// An ensemble.
    /// - Throws: `UnlearningError.invalidParameter` without members, where their shapes differ, or where attention was learned for
    ///   another number or width of members.
    public init(members: Members, aggregation: Aggregation) throws(UnlearningError) {
        let shapes =
            switch members {
            case .models(let models): models.map(\.configuration)
            case .adapters(let base, let adapters):
                adapters.isEmpty ? [] : [base.configuration] + adapters.map(\.modelConfiguration)
            }
        guard let shape = shapes.first, shapes.allSatisfy({ $0 == shape }) else {
            throw .invalidParameter(
                method: "ensemble", name: "members", found: shapes.isEmpty ? "none" : "models of different shapes",
                expected: "one or more of one shape")
        }
        self.members = members
        self.aggregation = aggregation
        if case .attention(let attention) = aggregation, attention.members != count || attention.width != shape.dModel {
            throw .invalidParameter(
                method: "ensemble", name: "aggregation",
                found: "attention over \(attention.members) members of width \(attention.width)",
                expected: "over \(count) of width \(shape.dModel)")
        }
    }

    /// How many members there are.
    public var count: Int {
        switch members {
        case .models(let models): models.count
        case .adapters(_, let adapters): adapters.count
        }
    }

    /// The members' weights, adapters merged.
    public var memberParameters: [T5Parameters] {
        switch members {
        case .models(let models): models
        case .adapters(let base, let adapters): adapters.map { $0.merged(into: base) }
        }
    }
}

/// Runs an ensemble without dropout.
public struct EnsembleInference: LabelLogits {
    private let members: [Inference]
    private let aggregation: Aggregation
    private let vocabulary: Int

    /// Takes a copy of the members' weights.
    public init(_ model: EnsembleModel, pool: WorkerPool) {
        let parameters = model.memberParameters
        members = parameters.map { Inference(parameters: $0, pool: pool) }
        aggregation = model.aggregation
        vocabulary = parameters.first?.configuration.vocabularySize ?? 0
    }

    /// Calls `body` with the aggregated logits of every example, some hundred examples in memory at a time.
    public func forEachLogits<Failure: Error>(
        _ examples: [Example], positions: LogitPositions, _ body: (Int, [Float]) throws(Failure) -> Void
    ) throws(Failure) {
        for start in stride(from: 0, to: examples.count, by: 128) {
            let slice = Array(examples[start..<min(start + 128, examples.count)])
            let answers = members.map { $0.states(slice, positions: positions) }
            for index in slice.indices {
                var weights: [Double] = []
                if case .attention(let attention) = aggregation {
                    weights = attention.weights(answers.map { $0[index].state })
                }
                let combined = aggregation.combine(
                    answers.map { $0[index].logits }, vocabulary: vocabulary, weights: weights)
                try body(start + index, combined)
            }
        }
    }
}

extension Inference {
    /// The logits and the decoder's state at the first position of every example.
    func states(_ examples: [Example], positions: LogitPositions) -> [(logits: [Float], state: [Float])] {
        var all: [(logits: [Float], state: [Float])] = []
        all.reserveCapacity(examples.count)
        forEachState(examples, positions: positions) { _, logits, state in all.append((logits, state)) }
        return all
    }
}
