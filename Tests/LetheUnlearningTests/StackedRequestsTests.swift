import LetheTransformer
import Testing

@testable import LetheUnlearning

/// Requests one after another, each from what the last one left.
struct StackedRequestsTests {
    private static let method = TinyTask.method(alpha: 2, forgetOnlyEpochs: 1, jointSteps: 3)

    private static func task() -> UnlearningTask {
        var task = TinyTask.sharded(TinyTask.population(users: 8, each: 3), forgetting: [1, 4, 6])
        task.originalSeeds = task.seeds
        return task
    }

    @Test func oneRequestIsTheMethodItself() throws {
        let task = Self.task()
        #expect(
            try StackedRequests(Self.method, requests: 1).unlearn(task) { _ in }.parameters
                == Self.method.unlearn(task) { _ in }.parameters)
    }

    @Test func everyRequestBeginsWhereTheLastEndedAndKeepsThoseWhoWait() throws {
        let task = Self.task()
        let stacked = try StackedRequests(Self.method, requests: 3).unlearn(task) { _ in }
        var model = task.original
        var step = task
        for (number, user) in [1, 4, 6].enumerated() {
            let rows = Array(zip(task.forgotten, task.forgottenOrigins))
            step.original = model
            step.forgotten = rows.filter { $0.1.user == user }.map(\.0)
            step.retained = task.retained + rows.filter { $0.1.user > user }.map(\.0)
            step.seeds = TrainingSeeds(
                order: task.seeds.order + UInt64(number), dropout: task.seeds.dropout + UInt64(number),
                adapter: task.seeds.adapter + UInt64(number))
            model = try Self.method.unlearn(step) { _ in }.parameters
        }
        #expect(stacked.parameters == model)
        #expect(stacked.residue.count == 9)
        #expect(try stacked.parameters != Self.method.unlearn(task) { _ in }.parameters)
    }

    @Test func moreRequestsThanUsersAnswerEveryUserOnce() throws {
        let task = Self.task()
        let stacked = try StackedRequests(Self.method, requests: 10).unlearn(task) { _ in }
        #expect(stacked.residue.count == 9)
    }

    @Test func withoutOriginsOrOverAnEnsembleItIsRefused() throws {
        var task = Self.task()
        task.forgottenOrigins = []
        #expect(throws: UnlearningError.originsMissing(method: "e2urec/stacked", records: 9, origins: 0)) {
            try StackedRequests(Self.method, requests: 2).unlearn(task) { _ in }
        }
        let sisa = ShardedRetraining(
            assignment: try ShardAssignment(shards: 2, key: [UInt8](repeating: 7, count: 32)),
            training: TinyTask.fineTuning(epochs: 1), code: "test", checkpoints: MemoryCheckpoints())
        #expect(throws: UnlearningError.isEnsemble(members: 2)) {
            try StackedRequests(sisa, requests: 2).unlearn(Self.task()) { _ in }
        }
    }
}
