import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

struct UnlearningTests {
    @Test func theForgettingTeacherStepsAwayFromWhatTheAugmentedModelGained() throws {
        let teacher = E2URec.forgettingLogits(original: [1, 1, -2, 0], augmented: [3, 0, -1, 0], alpha: 2)
        #expect(teacher == [-3, 1, -4, 0])
    }

    @Test func withAlphaZeroTheForgettingTeacherIsTheOriginal() throws {
        let records = TinyTask.records(9, seed: 4)
        let pool = WorkerPool(threads: 1)
        let original = Inference(parameters: TinyTask.model(seed: 1), pool: pool)
        let augmented = Inference(parameters: TinyTask.model(seed: 2), pool: pool)
        let rows = original.logits(records, positions: .all)
        func teacher(alpha: Float) throws -> [[Float]] {
            try TinyTask.method(alpha: alpha).forgettingTeacher(
                original: original, augmented: augmented, on: records, progress: { _ in })
        }
        #expect(try teacher(alpha: 0) == rows)
        #expect(try teacher(alpha: 2) != rows)
        for (taught, row) in zip(try teacher(alpha: 2), rows) {
            #expect(zip(taught, row).allSatisfy { $0 <= $1 })
        }
    }

    @Test func forgettingLowersTheGoldAnswerOfForgottenRecordsAndLeavesTheOthers() throws {
        let task = try TinyTask.task()
        let unlearned = try TinyTask.method().unlearn(task, progress: { _ in }).parameters
        #expect(unlearned != task.original)

        let forgottenBefore = TinyTask.goldProbability(task.original, on: task.forgotten)
        let forgottenAfter = TinyTask.goldProbability(unlearned, on: task.forgotten)
        let retainedBefore = TinyTask.goldProbability(task.original, on: task.retained)
        let retainedAfter = TinyTask.goldProbability(unlearned, on: task.retained)
        #expect(forgottenBefore > 0.9, "the original knows what is to be forgotten")
        #expect(forgottenAfter < forgottenBefore - 0.15, "\(forgottenBefore) -> \(forgottenAfter)")
        #expect(retainedBefore > 0.9, "the original knows what is to be kept")
        #expect(retainedAfter > retainedBefore - 0.12, "\(retainedBefore) -> \(retainedAfter)")
    }

    @Test func theSameTaskGivesTheSameBitsAtAnyNumberOfThreads() throws {
        var task = try TinyTask.task()
        let method = TinyTask.method(jointSteps: 5, dropout: 0.1)
        let one = try method.unlearn(task, progress: { _ in })
        task.pool = WorkerPool(threads: 2)
        let two = try method.unlearn(task, progress: { _ in })
        #expect(one.parameters == two.parameters)
        #expect(one.residue == two.residue)
    }

    @Test func theAdaptersSeedDecidesTheResult() throws {
        var task = try TinyTask.task()
        let method = TinyTask.method(jointSteps: 2)
        let model = try method.unlearn(task, progress: { _ in }).parameters
        task.seeds.adapter += 1
        #expect(try method.unlearn(task, progress: { _ in }).parameters != model)
    }

    @Test func withoutAStepTheMergedModelIsTheOriginal() throws {
        let task = try TinyTask.task()
        let method = TinyTask.method(forgetOnlyEpochs: 0, jointSteps: 0)
        #expect(try method.unlearn(task, progress: { _ in }).parameters == task.original)
    }

    @Test func everythingThatRemembersIsListed() throws {
        let task = try TinyTask.task()
        let model = try TinyTask.method(jointSteps: 2).unlearn(task, progress: { _ in })
        #expect(model.residue.map(\.kind) == [.augmentedModel, .teacherOutputs, .adapter])
        #expect(model.modelsRead == [.original, .augmented])
        let adapter = try #require(model.residue.last)
        // q and v of three attentions, rank 4: (16 + 16) * 4 weights each.
        #expect(model.trainableParameters == 6 * 4 * 32)
        #expect(adapter.values.count == model.trainableParameters)
        #expect(model.residue[0].values.count == task.original.values.count)
        #expect(model.residue[0].values != task.original.values)
        #expect(model.residue[1].values.count == task.forgotten.count * 64)
    }

    @Test func withoutRetainedRecordsForgettingStillWorks() throws {
        var task = try TinyTask.task()
        task.retained = []
        let model = try TinyTask.method().unlearn(task, progress: { _ in }).parameters
        #expect(
            TinyTask.goldProbability(model, on: task.forgotten)
                < TinyTask.goldProbability(task.original, on: task.forgotten) - 0.2)
    }

    @Test func anAdapterThatFitsNoModelIsAnError() throws {
        let task = try TinyTask.task()
        let method = E2URec(configuration: .init(adapter: LoRAConfiguration(rank: 0, alpha: 8)))
        #expect(throws: ModelError.self) { try method.unlearn(task, progress: { _ in }) }
    }

    @Test func retrainingNeverReadsTheForgottenRecordsOrTheOriginal() throws {
        let task = try TinyTask.task()
        let method = Retrain(configuration: TinyTask.fineTuning(epochs: 3))
        let model = try method.unlearn(task, progress: { _ in })
        var blind = task
        blind.forgotten = []
        blind.original = task.base
        #expect(try method.unlearn(blind, progress: { _ in }).parameters == model.parameters)
        #expect(model.modelsRead == [.base])
        #expect(model.residue.isEmpty)
        #expect(method.isExact)
        #expect(model.parameters != task.base)
    }

    @Test func theFirstRowOfTheTableDoesNothing() throws {
        let task = try TinyTask.task()
        let model = try Original().unlearn(task, progress: { _ in })
        #expect(model.parameters == task.original)
        #expect(model.trainableParameters == 0)
        #expect(!Original().isExact)
    }
}
