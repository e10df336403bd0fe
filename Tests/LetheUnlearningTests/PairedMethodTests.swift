import Foundation
import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

/// The four methods that train on pairs, on one retained and one forgotten record.
struct PairedMethodTests {
    private static let pool = WorkerPool(threads: 1)
    private static let retained = Example(inputIDs: [5, 9, 17, 1], labels: [TinyTask.yes, 5])
    private static let forgotten = Example(inputIDs: [30, 8, 1], labels: [TinyTask.no, Example.ignoredLabel, 5])
    private static let original = TinyTask.model(seed: 4)
    private static let student = TinyTask.model(seed: 5)
    private static let training = PairedTraining(lambda: 0.2, learningRate: 1e-3, batchSize: 4, steps: 6)

    /// log softmax of every position, in Double, from a model's logits.
    private static func logProbabilities(_ model: T5Parameters, _ example: Example) -> [[Double]] {
        let logits = Inference(parameters: model, pool: pool).logits([example], positions: .all)[0].map(Double.init)
        return example.labels.indices.map { position in
            let row = logits[64 * position..<64 * position + 64]
            let total = log(row.reduce(0) { $0 + exp($1) })
            return row.map { $0 - total }
        }
    }

    private static func crossEntropy(_ model: T5Parameters, _ example: Example) -> Double {
        let kept = zip(logProbabilities(model, example), example.labels).filter { $0.1 != Example.ignoredLabel }
        return kept.reduce(0) { $0 - $1.0[Int($1.1)] } / Double(kept.count)
    }

    /// The sum over positions of KL(p_teacher || p_model).
    private static func divergence(_ teacher: T5Parameters, _ model: T5Parameters, _ example: Example) -> Double {
        zip(logProbabilities(teacher, example), logProbabilities(model, example)).reduce(0) { sum, rows in
            sum + zip(rows.0, rows.1).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
        }
    }

    /// A method's items of one step, and METHODS' formula for them in plain Double.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let items: @Sendable () throws -> [TrainingItem]
        let formula: @Sendable (T5Parameters) -> Double
    }

    private static func inference(_ model: T5Parameters) -> Inference { Inference(parameters: model, pool: pool) }

    static let cases: [Case] = [
        Case(testDescription: "neggrad") {
            NegGrad(training: training).items(
                retained: [retained], forgotten: [forgotten], original: inference(original))
        } formula: {
            crossEntropy($0, retained) - 0.2 * crossEntropy($0, forgotten)
        },
        Case(testDescription: "neggrad, capped out of reach") {
            NegGrad(training: training, bound: .cap(900)).items(
                retained: [retained], forgotten: [forgotten], original: inference(original))
        } formula: {
            crossEntropy($0, retained) - 0.2 * crossEntropy($0, forgotten)
        },
        Case(testDescription: "neggrad, capped") {
            NegGrad(training: training, bound: .cap(0.5)).items(
                retained: [retained], forgotten: [forgotten], original: inference(original))
        } formula: {
            crossEntropy($0, retained) - 0.2 * min(crossEntropy($0, forgotten), 0.5)
        },
        Case(testDescription: "neggrad, preference") {
            NegGrad(training: training, bound: .preference(beta: 0.3)).items(
                retained: [retained], forgotten: [forgotten], original: inference(original))
        } formula: {
            let ratio = 2 * (crossEntropy(original, forgotten) - crossEntropy($0, forgotten))
            return crossEntropy($0, retained) - 0.2 * (2 / 0.3) * log(1 / (1 + exp(0.3 * ratio)))
        },
        Case(testDescription: "negkl") {
            NegKL(training: training).items(
                retained: [retained], forgotten: [forgotten], original: inference(original))
        } formula: {
            divergence(original, $0, retained) / 2 - 0.2 * divergence(original, $0, forgotten) / 3
        },
        Case(testDescription: "bad-t") {
            BadTeacher().items(
                forgotten: [forgotten], retained: [retained], incompetent: inference(TinyTask.model(seed: 9)),
                competent: inference(original))
        } formula: {
            (divergence(TinyTask.model(seed: 9), $0, forgotten) + divergence(original, $0, retained)) / 5
        },
        Case(testDescription: "bad-t-reference") {
            let method = LabelReplacement(rule: .opposite, training: training)
            let answers = AnswerTokens(yes: TinyTask.yes, no: TinyTask.no)
            return method.items(
                retained: [retained], replaced: try method.replacing([forgotten], answers: answers, seed: 1))
        } formula: {
            var flipped = forgotten
            flipped.labels[0] = TinyTask.yes
            return crossEntropy($0, retained) + 0.2 * crossEntropy($0, flipped)
        },
    ]

    private static func trainer(_ model: T5Parameters) -> Trainer {
        Trainer(parameters: model, optimizer: AdamWConfiguration(), dropoutSeed: 1, pool: pool)
    }

    @Test(arguments: cases)
    func theLossOfTwoRecordsIsMethodsFormulaAndItsGradientTheSlope(_ testCase: Case) throws {
        let items = try testCase.items()
        let (loss, gradients) = Self.trainer(Self.student).gradientsForTesting(items)
        let expected = testCase.formula(Self.student)
        #expect(abs(loss.objective - expected) < 1e-5 * max(1, abs(expected)))

        let flat = Self.student.layout.entries.flatMap { gradients[$0.name]?.values ?? [] }
        let steepest = flat.indices.sorted { abs(flat[$0]) > abs(flat[$1]) }.prefix(24)
        let others = stride(from: 3, to: flat.count, by: 307)
        for index in Array(steepest) + Array(others) {
            func shifted(_ shift: Float) -> Double {
                var model = Self.student
                model.values[index] += shift
                return testCase.formula(model)
            }
            let slope = (shifted(4e-3) - shifted(-4e-3)) / 8e-3
            #expect(abs(Double(flat[index]) - slope) < 2e-3 * max(1, abs(slope)), "weight \(index)")
        }
    }

    /// Weights of zero make every distribution uniform over 64 tokens: the losses by hand.
    @Test func theLossesOfAModelThatKnowsNothingAreKnownNumbers() throws {
        let blank = Self.student.replacing([Float](repeating: 0, count: Self.student.values.count))
        let nats = log(64.0)
        func loss(_ items: [TrainingItem]) -> Double { Self.trainer(blank).gradientsForTesting(items).loss.objective }
        let (retained, forgotten, same) = ([Self.retained], [Self.forgotten], Self.inference(blank))
        func expect(_ items: [TrainingItem], _ value: Double, _ name: Comment) {
            #expect(abs(loss(items) - value) < 1e-5, name)
        }
        func negGrad(_ bound: NegGrad.Bound) -> [TrainingItem] {
            NegGrad(training: Self.training, bound: bound).items(
                retained: retained, forgotten: forgotten, original: same)
        }
        expect(negGrad(.none), 0.8 * nats, "neggrad")
        expect(negGrad(.cap(1)), nats - 0.2, "neggrad, capped at one nat a label")
        expect(negGrad(.preference(beta: 0.1)), nats + 0.2 * 20 * log(2.0), "neggrad, preference at the reference")
        expect(NegKL().items(retained: retained, forgotten: forgotten, original: same), 0, "negkl")
        let flip = LabelReplacement(rule: .opposite, training: Self.training)
        expect(flip.items(retained: retained, replaced: forgotten), 1.2 * nats, "bad-t-reference")
        expect(
            BadTeacher().items(forgotten: forgotten, retained: retained, incompetent: same, competent: same), 0, "bad-t"
        )
    }

    @Test func theOriginalIsASaddleOfNegKLThatDropoutLeaves() throws {
        let items = NegKL(training: Self.training).items(
            retained: [Self.retained], forgotten: [Self.forgotten], original: Self.inference(Self.original))
        let still = Self.trainer(Self.original).gradientsForTesting(items).gradients
        let noisy = Self.trainer(try Self.original.training(dropoutRate: 0.1)).gradientsForTesting(items).gradients
        func largest(_ gradients: [String: Tensor]) -> Float {
            gradients.values.flatMap(\.values).map(abs).max() ?? 0
        }
        #expect(largest(still) < 1e-5)
        #expect(largest(noisy) > 1e-2)
        for rate in [Float(0), 1, -0.1, .nan] {
            #expect(throws: UnlearningError.self) {
                try NegKL(dropout: rate).unlearn(
                    TinyTask.sharded(TinyTask.population(users: 2, each: 1), forgetting: [0])
                ) {
                    _ in
                }
            }
        }
    }

    static let methods: [any UnlearningMethod] = [
        NegGrad(training: training), NegGrad(training: training, bound: .cap(1)),
        NegGrad(training: training, bound: .preference(beta: 0.1)), NegKL(training: training),
        LabelReplacement(rule: .opposite, training: training), LabelReplacement(rule: .coin, training: training),
        BadTeacher(configuration: .init(learningRate: 1e-3, batchSize: 8)),
    ]

    static func task(threads: Int = 1) -> UnlearningTask {
        UnlearningTask(
            base: TinyTask.model(), original: TinyTask.model(seed: 2), forgotten: TinyTask.records(9, seed: 21),
            retained: TinyTask.records(14, seed: 22), validation: [], seeds: TinyTask.seeds,
            answers: AnswerTokens(yes: TinyTask.yes, no: TinyTask.no), pool: WorkerPool(threads: threads))
    }

    @Test func everyMethodGivesTheSameBitsAtAnyNumberOfThreads() throws {
        for method in Self.methods {
            let one = try method.unlearn(Self.task(), progress: { _ in })
            let two = try method.unlearn(Self.task(threads: 2), progress: { _ in })
            #expect(one.model == two.model && one.residue == two.residue, "\(method.name)")
            #expect(one.parameters != Self.task().original, "\(method.name) changes the model")
            #expect(one.parameters.configuration == Self.task().original.configuration)
        }
    }

    @Test func everyMethodSaysWhatItReadsAndLeaves() throws {
        for method in Self.methods {
            let model = try method.unlearn(Self.task(), progress: { _ in })
            #expect(!method.isExact && !method.isEnsemble)
            #expect(method.reads.isSuperset(of: [.original, .forgotten, .retained]))
            #expect(model.modelsRead == [.original])
            #expect(model.residue.map(\.kind) == method.residueKinds)
            #expect(model.trainableParameters == Self.task().original.values.count)
            #expect(try method.trainableParameters(of: TinyTask.configuration()) == model.trainableParameters)
            var nobody = Self.task()
            nobody.forgotten = []
            #expect(try method.unlearn(nobody, progress: { _ in }).parameters == nobody.original)
            var everybody = Self.task()
            everybody.retained = []
            #expect(try method.unlearn(everybody, progress: { _ in }).parameters.values.allSatisfy { $0.isFinite })
        }
    }

    @Test func labelsAreReplacedByTheRuleAndNothingElseChanges() throws {
        let answers = AnswerTokens(yes: TinyTask.yes, no: TinyTask.no)
        let records = TinyTask.records(64, seed: 5).map { Example(inputIDs: $0.inputIDs, labels: $0.labels + [5]) }
        let flipped = try LabelReplacement(rule: .opposite).replacing(records, answers: answers, seed: 1)
        for (before, after) in zip(records, flipped) {
            #expect(after.inputIDs == before.inputIDs && after.labels[1] == 5)
            #expect(after.labels[0] == (before.labels[0] == TinyTask.yes ? TinyTask.no : TinyTask.yes))
        }
        let coin = LabelReplacement(rule: .coin)
        let tossed = try coin.replacing(records, answers: answers, seed: 1)
        #expect(try tossed == coin.replacing(records, answers: answers, seed: 1))
        #expect(try tossed != coin.replacing(records, answers: answers, seed: 2))
        #expect((16...48).contains(tossed.count { $0.labels[0] == TinyTask.yes }))

        #expect(throws: UnlearningError.answersMissing(method: "random-label")) {
            try coin.replacing(records, answers: nil, seed: 1)
        }
        for labels in [[], [Example.ignoredLabel], [7]] as [[Int32]] {
            #expect(throws: UnlearningError.labelIsNoAnswer(record: 1)) {
                try coin.replacing([records[0], Example(inputIDs: [1], labels: labels)], answers: answers, seed: 1)
            }
        }
    }

    @Test func anEpochOfPairsEndsWithTheShorter() {
        var pairs = PairedBatches(retained: 10, forgotten: 4, batchSize: 3, order: 1)
        for _ in 0..<5 {
            let (first, second) = (pairs.next(), pairs.next())
            #expect((first.forgotten + second.forgotten).sorted() == [0, 1, 2, 3])
            #expect(Set(first.retained + second.retained).count == 6)
        }
    }
}
