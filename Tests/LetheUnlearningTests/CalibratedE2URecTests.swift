import Foundation
import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

/// The calibrated method: what its teacher, its loss and its criterion are.
struct CalibratedE2URecTests {
    private typealias Ablation = CalibratedE2URec.Configuration.Ablation
    private static let pool = WorkerPool(threads: 1)
    private static let answers = AnswerTokens(yes: TinyTask.yes, no: TinyTask.no)

    private static func method(_ ablations: Set<CalibratedE2URec.Configuration.Ablation> = [], steps: Int = 200)
        -> CalibratedE2URec
    {
        CalibratedE2URec(
            configuration: .init(
                beta: 0.4, steps: steps, interval: 10, anchors: 40, batchSize: 8, learningRate: 5e-3,
                adapter: LoRAConfiguration(rank: 4, alpha: 8, dropout: 0),
                augmentation: TinyTask.fineTuning(epochs: 20, learningRate: 1e-2), ablations: ablations))
    }

    private static func task(threads: Int = 1) throws -> UnlearningTask {
        var task = try TinyTask.task(threads: threads)
        task.unseen = TinyTask.records(60, seed: 99)
        return task
    }

    /// How much further a model leans to the right answers on forgotten records than on unseen ones.
    private static func gap(_ model: T5Parameters, _ task: UnlearningTask) throws -> Double {
        let inference = Inference(parameters: model, pool: pool)
        func mean(_ records: [Example]) throws -> Double {
            try GoldMargins(records, logits: inference.logits(records, positions: .first), answers: answers).mean
        }
        return try mean(task.forgotten) - mean(task.unseen)
    }

    @Test func theMeanMarginWeighsBothAnswersTheSame() throws {
        let records = [[1], [1], [1], [3], [2]].map {
            Example(inputIDs: [1], labels: [$0[0] == 1 ? TinyTask.yes : TinyTask.no])
        }
        // Yes is logit 2, No is logit 3.
        let logits: [[Float]] = [[0, 0, 3, 1], [0, 0, 2, 1], [0, 0, 1, 1], [0, 0, 1, 5], [0, 0, 4, 1]]
        let margins = try GoldMargins(records, logits: logits, answers: Self.answers)
        #expect(margins.values == [2, 1, 0, 4, -3])
        #expect(margins.mean == (1 + 0.5) / 2)
        // Yes: 2, 1, 0 with variance 1 over 3; No: 4, -3 with variance 24.5 over 2; a quarter of the sum.
        #expect(abs(margins.varianceOfMean - (1.0 / 3 + 24.5 / 2) / 4) < 1e-12)
        #expect(margins.quantile(0.05) == -3)
        #expect(margins.quantile(1) == 4)
        #expect(throws: UnlearningError.labelIsNoAnswer(record: 0)) {
            try GoldMargins([Example(inputIDs: [1], labels: [7])], logits: [[0, 0, 0, 0]], answers: Self.answers)
        }
    }

    @Test func alphaIsWhereForgottenRecordsLookLikeUnseenOnes() {
        let original = GoldMargins(values: [4, 3, 5, 2], isYes: [true, true, false, false])
        let unseen = GoldMargins(values: [1, -1, 2, 0], isYes: [true, true, false, false])
        // Mean 3.5 falls by alpha times 1, without any record meeting the bound: alpha = 3.5 - 0.5.
        let free = CalibratedTeacher(original: original, gained: [1, 1, 1, 1], unseen: unseen, maximum: 20)
        #expect(abs(free.alpha - 3) < 1e-9)
        #expect(free.target == 0.5 && free.lowest == -1)
        // Gains of one record alone: the bound keeps it at -1, so the target is out of reach.
        let bounded = CalibratedTeacher(original: original, gained: [1, 0, 0, 0], unseen: unseen, maximum: 20)
        #expect(bounded.alpha == 20)
        #expect(CalibratedTeacher.margin(4, gained: 1, alpha: 20, lowest: -1) == -1)
        // Records that the augmented model knew less are not pulled up.
        #expect(CalibratedTeacher.margin(4, gained: -1, alpha: 2, lowest: -1) == 4)
        #expect(CalibratedTeacher.margin(-3, gained: 1, alpha: 2, lowest: -1) == -3)
        // Nothing to forget: no step.
        let none = CalibratedTeacher(original: unseen, gained: [1, 1, 1, 1], unseen: original, maximum: 20)
        #expect(none.alpha == 0)
    }

    @Test func theTeachersRowHasTheMarginThatCalibrationCountedOn() {
        let original: [Float] = [0.5, -1, 3, 1]
        let augmented: [Float] = [0.25, -0.5, 5, 2]
        let teacher = CalibratedTeacher(alpha: 0.5, lowest: 0)
        let row = teacher.logits(original: original, augmented: augmented, answers: Self.answers, isYes: true)
        #expect(row == [0.5, -1.25, 2, 0.5])
        let bounded = CalibratedTeacher(alpha: 4, lowest: 0).logits(
            original: original, augmented: augmented, answers: Self.answers, isYes: true)
        #expect(bounded[2] - bounded[3] == 0)
        #expect(bounded[2] + bounded[3] == (3 - 8) + (1 - 4))
        // No is right, and the augmented model lowered its margin: nothing is pulled up.
        let other = teacher.logits(original: original, augmented: augmented, answers: Self.answers, isYes: false)
        #expect(other[3] - other[2] == -2)
    }

    // MARK: the loss

    private static let retained = Example(inputIDs: [5, 9, 17, 1], labels: [TinyTask.yes, 5])
    private static let forgotten = Example(inputIDs: [30, 8, 1], labels: [TinyTask.no, 5])
    private static let student = TinyTask.model(seed: 5)

    private static func logProbabilities(_ logits: [Double]) -> [Double] {
        let total = log(logits.reduce(0) { $0 + exp($1) })
        return logits.map { $0 - total }
    }

    private static func row(_ model: T5Parameters, _ example: Example, _ position: Int) -> [Double] {
        let logits = Inference(parameters: model, pool: pool).logits([example], positions: .all)[0].map(Double.init)
        return logProbabilities(Array(logits[64 * position..<64 * position + 64]))
    }

    private static func divergence(_ teacher: [Float], _ model: T5Parameters, _ example: Example, _ positions: Int)
        -> Double
    {
        (0..<positions).reduce(0) { sum, position in
            let p = logProbabilities(teacher[64 * position..<64 * position + 64].map(Double.init))
            return sum
                + zip(p, row(model, example, position)).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
        }
    }

    static let ablations: [Set<CalibratedE2URec.Configuration.Ablation>] = [
        [], [.withoutCrossEntropy], [.withoutDivergence], [.retainedOnly], [.forgottenOnly], [.allPositions],
    ]

    @Test(arguments: ablations)
    func theLossOfTwoRecordsIsTheFormulaAndItsGradientTheSlope(
        _ ablations: Set<CalibratedE2URec.Configuration.Ablation>
    ) throws {
        let count = ablations.contains(.allPositions) ? 2 : 1
        func cut(_ example: Example) -> Example {
            Example(inputIDs: example.inputIDs, labels: Array(example.labels.prefix(count)))
        }
        let (forgotten, retained) = (cut(Self.forgotten), cut(Self.retained))
        func logits(_ seed: UInt64, _ example: Example) -> [Float] {
            Inference(parameters: TinyTask.model(seed: seed), pool: Self.pool).logits([example], positions: .all)[0]
        }
        let (away, near) = (logits(8, forgotten), logits(9, retained))
        let items = Self.method(ablations).items(
            .init(forgotten: [forgotten], forgetting: [away], retained: [retained], remembering: [near]), [0], [0])
        func formula(_ model: T5Parameters) -> Double {
            let positions = Double(count)
            var loss = 0.0
            if !ablations.contains(.retainedOnly) {
                loss += 0.4 * Self.divergence(away, model, forgotten, count) / positions
            }
            guard !ablations.contains(.forgottenOnly) else { return loss }
            if !ablations.contains(.withoutDivergence) {
                loss += 0.6 * Self.divergence(near, model, retained, count) / positions
            }
            if !ablations.contains(.withoutCrossEntropy) {
                let nats = retained.labels.enumerated().reduce(0.0) {
                    $0 - Self.row(model, retained, $1.offset)[Int($1.element)]
                }
                loss += 0.6 * nats / positions
            }
            return loss
        }
        let trainer = Trainer(
            parameters: Self.student, optimizer: AdamWConfiguration(), dropoutSeed: 1, pool: Self.pool)
        let (loss, gradients) = trainer.gradientsForTesting(items)
        #expect(abs(loss.objective - formula(Self.student)) < 1e-5 * max(1, abs(loss.objective)))

        let flat = Self.student.layout.entries.flatMap { gradients[$0.name]?.values ?? [] }
        let steepest = flat.indices.sorted { abs(flat[$0]) > abs(flat[$1]) }.prefix(16)
        for index in Array(steepest) + Array(stride(from: 5, to: flat.count, by: 501)) {
            func shifted(_ shift: Float) -> Double {
                var model = Self.student
                model.values[index] += shift
                return formula(model)
            }
            let slope = (shifted(4e-3) - shifted(-4e-3)) / 8e-3
            #expect(abs(Double(flat[index]) - slope) < 2e-3 * max(1, abs(slope)), "weight \(index)")
        }
    }

    // MARK: the whole

    @Test func trainingEndsWhereForgottenRecordsLookLikeUnseenOnesAndRetainedOnesAreStillKnown() throws {
        let task = try Self.task()
        var looks: [Double] = []
        let model = try Self.method(steps: 600).unlearn(task) { event in
            if case .epoch(_, _, let gap?) = event { looks.append(gap) }
        }.parameters
        let (before, after) = (try Self.gap(task.original, task), try Self.gap(model, task))
        #expect(before > 2, "the original knows the forgotten records: \(before)")
        #expect(looks.count < 60 && abs(after - (looks.last ?? 0)) < 1e-4, "\(looks)")
        #expect(after < 0.3 * before && after < looks.dropLast().min() ?? .infinity, "\(before) -> \(after)")
        #expect(TinyTask.goldProbability(model, on: task.retained) > 0.8)
    }

    @Test func theControlsDoWhatTheirNamesSay() throws {
        let task = try Self.task()
        func looks(_ ablations: Set<CalibratedE2URec.Configuration.Ablation>) throws -> (T5Parameters, Int) {
            var count = 0
            let model = try Self.method(ablations, steps: 60).unlearn(task) { event in
                if case .epoch(_, _, .some) = event { count += 1 }
            }.parameters
            return (model, count)
        }
        #expect(try looks([.fixedSteps]).1 == 6)
        let control = try looks([.retainedOnly])
        #expect(control.1 == 6)
        #expect(try Self.gap(control.0, task) > 1, "nothing was forgotten")
        #expect(try looks([]).0 != looks([.plainTeacher]).0)
        #expect(try looks([.forgottenOnly]).0 != looks([.withoutCrossEntropy, .withoutDivergence]).0)
    }

    @Test func theSameTaskGivesTheSameBitsAtAnyNumberOfThreads() throws {
        let one = try Self.method(steps: 20).unlearn(Self.task()) { _ in }
        let two = try Self.method(steps: 20).unlearn(Self.task(threads: 2)) { _ in }
        #expect(one.parameters == two.parameters)
        #expect(one.residue.map(\.kind) == [.augmentedModel, .teacherOutputs, .adapter])
        #expect(one.modelsRead == [.original, .augmented])
        // The decision's row alone is kept of the teacher.
        #expect(one.residue[1].values.count == 12 * 64)
    }

    @Test func anAugmentedModelMadeBeforehandGivesTheSameBits() throws {
        let task = try Self.task()
        let e2urec = TinyTask.method(forgetOnlyEpochs: 1, jointSteps: 3)
        let augmented = try e2urec.augmentedModel(task) { _ in }
        #expect(
            try e2urec.unlearn(task, augmented: augmented) { _ in }.parameters
                == e2urec.unlearn(task) { _ in }.parameters)
    }

    @Test func withoutAnswersOrUnseenRecordsItIsRefused() throws {
        var task = try Self.task()
        task.unseen = task.unseen.filter { $0.labels[0] == TinyTask.yes }
        #expect(throws: UnlearningError.unseenMissing(method: "e2urec-calibrated", answer: "no")) {
            try Self.method().unlearn(task) { _ in }
        }
        task.unseen = []
        #expect(throws: UnlearningError.unseenMissing(method: "e2urec-calibrated", answer: "yes")) {
            try Self.method().unlearn(task) { _ in }
        }
        task = try Self.task()
        task.answers = nil
        #expect(throws: UnlearningError.answersMissing(method: "e2urec-calibrated")) {
            try Self.method().unlearn(task) { _ in }
        }
    }
}
