import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

/// What comes back when a model learns some of the forgotten again.
struct RelearningTests {
    private let relearning = Relearning(steps: 8, points: 4, batchSize: 8, learningRate: 5e-3, weightDecay: 0.01)
    private let answers = AnswerTokens(yes: TinyTask.yes, no: TinyTask.no)

    private func margins(of model: T5Parameters, _ records: [Example], pool: WorkerPool) -> [Double] {
        Inference(parameters: model, pool: pool).logits(records, positions: .first).map {
            Double($0[Int(answers.yes)]) - Double($0[Int(answers.no)])
        }
    }

    @Test func withoutRecordsToLearnItIsTheModelItself() throws {
        let pool = WorkerPool(threads: 1)
        let (model, audited) = (TinyTask.model(), TinyTask.records(10, seed: 3))
        let found = try relearning.margins(
            of: model, learning: [], auditing: audited, answers: answers, seed: 1, pool: pool)
        #expect(found == margins(of: model, audited, pool: pool))
    }

    @Test func theSameBitsOnEveryNumberOfThreads() throws {
        let (learned, audited) = (TinyTask.records(20, seed: 4), TinyTask.records(10, seed: 3))
        let found = try [1, 2, 3].map {
            try relearning.margins(
                of: TinyTask.model(), learning: learned, auditing: audited, answers: answers, seed: 1,
                pool: WorkerPool(threads: $0))
        }
        #expect(found[0] == found[1] && found[0] == found[2])
    }

    /// The mean along the way is that of four trainings, each of which ends at one of the points.
    @Test func itIsTheMeanOverThePoints() throws {
        let pool = WorkerPool(threads: 1)
        let (learned, audited) = (TinyTask.records(20, seed: 4), TinyTask.records(6, seed: 3))
        func end(after steps: Int) throws -> [Double] {
            var some = relearning
            (some.steps, some.points) = (steps, 1)
            return try some.margins(
                of: TinyTask.model(), learning: learned, auditing: audited, answers: answers, seed: 1, pool: pool)
        }
        let ends = try [2, 4, 6, 8].map(end)
        let found = try relearning.margins(
            of: TinyTask.model(), learning: learned, auditing: audited, answers: answers, seed: 1, pool: pool)
        for place in audited.indices {
            #expect(abs(found[place] - ends.map { $0[place] }.reduce(0, +) / 4) < 1e-12)
        }
        #expect(ends[0] != ends[3])
    }

    @Test func itStopsWhereItIsAsked() throws {
        let session = TrainingSession(store: nil, shouldStop: { true })
        #expect(throws: TrainingStopped.self) {
            try relearning.margins(
                of: TinyTask.model(), learning: TinyTask.records(4, seed: 1), auditing: [], answers: answers, seed: 1,
                pool: WorkerPool(threads: 1), session: session)
        }
    }
}
