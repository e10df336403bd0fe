import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

/// Rewind: where it starts, what it reads, and that it forgets.
struct RewindTests {
    private static func method(share: Float = 0.5, passes: Double = 2) -> Rewind {
        Rewind(configuration: .init(share: share, passes: passes, batchSize: 8, learningRate: 1e-2))
    }

    private static func unlearn(_ method: Rewind, _ task: UnlearningTask) throws -> T5Parameters {
        try method.unlearn(task, progress: { _ in }).model.singleModel()
    }

    @Test func theStartLiesOnTheLineAndIsExactAtItsEnds() throws {
        let task = try TinyTask.task()
        #expect(try Self.method(share: 0).rewound(task).values == task.base.values)
        #expect(try Self.method(share: 1).rewound(task).values == task.original.values)
        let quarter = try Self.method(share: 0.25).rewound(task).values
        for (index, value) in quarter.enumerated() {
            #expect(value == 0.75 * task.base.values[index] + 0.25 * task.original.values[index])
        }
    }

    @Test func itIsAWalkOfTheRetainedRecordsAtAFallingRate() throws {
        let task = try TinyTask.task()
        // Six batches of eight; half of a pass is three of them.
        let rewind = Self.method(passes: 0.5)
        let trainer = Trainer(
            parameters: try rewind.rewound(task),
            optimizer: AdamWConfiguration(learningRate: 1e-2, weightDecay: 0.01), dropoutSeed: task.seeds.dropout,
            pool: task.pool)
        var batches = BatchSampler(count: 48, batchSize: 8, order: task.seeds.order, pass: 9_000)
        for step in 0..<3 {
            trainer.learningRate = 1e-2 * (1 - Double(step) / 3)
            _ = trainer.step(meanLabelLoss(batches.next().map { task.retained[$0] }))
        }
        #expect(try Self.unlearn(rewind, task).values == trainer.parameters.values)
    }

    @Test func theForgottenRecordsAreNotRead() throws {
        let task = try TinyTask.task()
        var other = task
        other.forgotten = TinyTask.records(3, seed: 5)
        let result = try Self.method().unlearn(task, progress: { _ in })
        #expect(result.model == (try Self.method().unlearn(other, progress: { _ in }).model))
        #expect(result.residue.isEmpty && Self.method().residueKinds.isEmpty)
        #expect(!Self.method().reads.contains(.forgotten))
        #expect(result.trainableParameters == task.base.values.count)
    }

    @Test func whatWasForgottenIsForgottenAndWhatWasRetainedIsNot() throws {
        let task = try TinyTask.task()
        func loss(_ model: T5Parameters, _ records: [Example]) -> Double {
            meanLabelLoss(of: model, on: records, pool: task.pool)
        }
        let result = try Self.unlearn(Self.method(share: 0.3, passes: 8), task)
        #expect(loss(task.original, task.forgotten) < 0.3)
        #expect(loss(result, task.forgotten) > 2 * loss(task.original, task.forgotten))
        #expect(loss(result, task.retained) < loss(result, task.forgotten) / 2)
    }

    @Test func everyControlLeavesOutOneHalf() throws {
        let task = try TinyTask.task()
        let method = Self.method()
        func result(_ control: Rewind.Control) throws -> [Float] {
            try Self.unlearn(method.control(control), task).values
        }
        #expect(try result(.withoutRelearning) == method.rewound(task).values)
        #expect(try result(.fromBase) == Self.unlearn(Self.method(share: 0), task).values)
        #expect(try result(.fromOriginal) == Self.unlearn(Self.method(share: 1), task).values)
    }

    @Test func nothingRetainedLeavesTheRewoundModel() throws {
        var task = try TinyTask.task()
        task.retained = []
        #expect(try Self.unlearn(Self.method(), task).values == Self.method().rewound(task).values)
    }

    @Test func aBaseOfAnotherShapeIsRefused() throws {
        var task = try TinyTask.task()
        var wide = TinyTask.configuration()
        wide.dFF = 64
        task.base = T5Parameters(configuration: wide, seed: 1)
        #expect(throws: UnlearningError.self) { try Self.unlearn(Self.method(), task) }
    }

    @Test func theBitsDoNotDependOnThreads() throws {
        let (one, two) = (try TinyTask.task(), try TinyTask.task(threads: 2))
        #expect(try Self.unlearn(Self.method(), one).values == Self.unlearn(Self.method(), two).values)
    }
}
