import Foundation
import LetheBytes
import LetheCrypto
import LetheTensor
import LetheTransformer
import Synchronization
import Testing

@testable import LetheUnlearning

struct SealedStatesTests {
    private static let key = [UInt8](repeating: 7, count: 32)
    private static let identity = Digest(sha256: Array("this training".utf8))

    private static var state: TrainingState {
        var state = TrainingState(
            memory: .init(
                values: [1, -0.0, .infinity, Float(bitPattern: 0x7F80_0001)],
                optimizer: OptimizerState(steps: 9, first: [1, 2, 3, 4], second: [5, 6, 7, 8]), doubles: [0.1, -0.2]))
        state.steps = 5
        state.lossSum = 0.1 + 0.2
        state.epochs = [
            TrainedEpoch(number: 1, trainingLoss: 0.3, validationLoss: nil),
            TrainedEpoch(number: 2, trainingLoss: 0.2, validationLoss: 0.7),
        ]
        state.trace = [.init(step: 2, digest: identity), .init(step: 5, digest: Digest(sha256: [5]))]
        state.best = .init(memory: .init(values: [4, 3, 2, 1]), loss: 0.7, epoch: 2)
        return state
    }

    @Test func aStateComesBackBitForBit() throws {
        let folder = try TestFolder()
        for states in [
            SealedStates(folder: folder.path, key: Self.key), SealedStates(file: folder.path + "/one.checkpoint"),
        ] {
            #expect(try states.load("a stage", identity: Self.identity) == nil)
            try states.save(Self.state, of: "a stage", identity: Self.identity)
            let found = try #require(try states.load("a stage", identity: Self.identity))
            #expect(found.memory.values.map(\.bitPattern) == Self.state.memory.values.map(\.bitPattern))
            #expect(found.memory.doubles == Self.state.memory.doubles)
            #expect(found.memory.optimizer == Self.state.memory.optimizer)
            #expect(found.epochs == Self.state.epochs && found.best == Self.state.best)
            #expect(found.trace == Self.state.trace)
            #expect(found.steps == 5 && found.lossSum == 0.1 + 0.2 && !found.isFinished)
            #expect(try Files.permissions(states.file("a stage")) == 0o600)
        }
        #expect(try Files.names(in: folder.path).sorted() == ["a-stage.state", "one.checkpoint"])
    }

    /// Anybody can seal a file without a secret: its numbers are not believed.
    @Test func countsThatNobodyReachesAreNoState() throws {
        let folder = try TestFolder()
        let states = SealedStates(file: folder.path + "/one.checkpoint")
        var (manySteps, manyMoments) = (Self.state, Self.state)
        manySteps.steps = .max
        let moments = manyMoments.memory.optimizer
        manyMoments.memory.optimizer = OptimizerState(steps: .max, first: moments.first, second: moments.second)
        for state in [manySteps, manyMoments] {
            try states.save(state, of: "a stage", identity: Self.identity)
            #expect(throws: TrainingStateError.self) { try states.load("a stage", identity: Self.identity) }
        }
    }

    @Test func aLargeStateTakesSeveralBoxesAndNoneCanBeLeftOut() throws {
        let folder = try TestFolder()
        let states = SealedStates(folder: folder.path, key: Self.key)
        var state = Self.state
        state.memory.values = (0..<600_000).map { Float($0) }
        try states.save(state, of: "s", identity: Self.identity)
        #expect(try states.load("s", identity: Self.identity)?.memory.values == state.memory.values)
        let bytes = try Files.read(states.file("s"), limit: 1 << 26)
        let box = 4 + (1 << 20) + 28
        let start = bytes.count - (bytes.count - 56) % box
        for cut in [56, 56 + box, start] where cut < bytes.count {
            try Files.write(Array(bytes[..<cut]), to: states.file("s"))
            #expect(throws: TrainingStateError.self) { try states.load("s", identity: Self.identity) }
        }
        try Files.write(Array(bytes[..<56] + bytes[(56 + box)...]), to: states.file("s"))
        #expect(throws: TrainingStateError.self) { try states.load("s", identity: Self.identity) }
    }

    @Test func anyOtherBitAndAnyCutIsNoticed() throws {
        let folder = try TestFolder()
        for states in [SealedStates(folder: folder.path, key: Self.key), SealedStates(file: folder.path + "/one")] {
            try states.save(Self.state, of: "s", identity: Self.identity)
            let bytes = try Files.read(states.file("s"), limit: 1 << 20)
            for place in bytes.indices {
                var changed = bytes
                changed[place] ^= 0x10
                try Files.write(changed, to: states.file("s"))
                #expect(throws: TrainingStateError.self) { try states.load("s", identity: Self.identity) }
                try Files.write(Array(bytes[..<place]), to: states.file("s"))
                #expect(throws: TrainingStateError.self) { try states.load("s", identity: Self.identity) }
            }
            try Files.write(bytes + [0], to: states.file("s"))
            #expect(throws: TrainingStateError.self) { try states.load("s", identity: Self.identity) }
        }
    }

    @Test func anotherKeyOrAnotherIdentityOpensNothing() throws {
        let folder = try TestFolder()
        let states = SealedStates(folder: folder.path, key: Self.key)
        try states.save(Self.state, of: "s", identity: Self.identity)
        let other = SealedStates(folder: folder.path, key: [UInt8](repeating: 8, count: 32))
        #expect(throws: TrainingStateError.self) { try other.load("s", identity: Self.identity) }
        #expect(throws: TrainingStateError.foreign(path: states.file("s"))) {
            try states.load("s", identity: Digest(sha256: [1]))
        }
    }

    private final class Discarded: Sendable {
        private let errors = Mutex<[TrainingStateError]>([])
        func note(_ error: TrainingStateError) { errors.withLock { $0.append(error) } }
        var all: [TrainingStateError] { errors.withLock(\.self) }
    }

    /// A training that was stopped, and what happens to its state in another one.
    @Test func aStateOfOtherInputsIsNeverGoneOnFrom() throws {
        let records = TinyTask.records(20, seed: 3)
        func train(
            _ session: TrainingSession, seeds: TrainingSeeds = TinyTask.seeds, on records: [Example]? = nil,
            model: T5Parameters = TinyTask.model(), rate: Double = 5e-3
        ) throws -> FineTunedModel {
            try fineTune(
                model, on: records ?? TinyTask.records(20, seed: 3),
                configuration: TinyTask.fineTuning(epochs: 3, learningRate: rate), seeds: seeds,
                pool: WorkerPool(threads: 1), stage: "test", session: session, progress: { _ in })
        }
        let folder = try TestFolder()
        let states = SealedStates(folder: folder.path, key: Self.key)
        let left = TrainingSession(context: "run 1", store: states, isDue: { true }, shouldStop: { false })
        _ = try train(left)
        let calls = Mutex(0)
        let stopped = TrainingSession(
            context: "run 1", store: states,
            shouldStop: {
                calls.withLock {
                    $0 += 1; return $0 > 4
                }
            })
        try Files.remove(states.file("test"))
        #expect(throws: TrainingStopped(stage: "test", steps: 4)) { try train(stopped) }
        let bytes = try Files.read(states.file("test"), limit: 1 << 26)

        typealias Variant = (name: String, context: String, train: (TrainingSession) throws -> FineTunedModel)
        let other = TrainingSeeds(order: 99, dropout: 12, adapter: 13)
        let variants: [Variant] = [
            ("another seed", "run 1", { try train($0, seeds: other) }),
            ("another record", "run 1", { try train($0, on: records.dropLast() + TinyTask.records(1, seed: 77)) }),
            ("another model", "run 1", { try train($0, model: TinyTask.model(seed: 5)) }),
            ("another rate", "run 1", { try train($0, rate: 4e-3) }),
            ("another run", "run 2", { try train($0) }),
        ]
        for variant in variants {
            try Files.write(bytes, to: states.file("test"))
            let strict = TrainingSession(context: variant.context, store: states)
            #expect(throws: TrainingStateError.foreign(path: states.file("test")), "\(variant.name)") {
                try variant.train(strict)
            }
            let discarded = Discarded()
            let lenient = TrainingSession(context: variant.context, store: states, discarded: discarded.note)
            #expect(try variant.train(lenient).parameters == variant.train(.unkept).parameters, "\(variant.name)")
            #expect(discarded.all == [.foreign(path: states.file("test"))], "\(variant.name)")
        }
        // The right one goes on from it.
        try Files.write(bytes, to: states.file("test"))
        let right = TrainingSession(context: "run 1", store: states)
        #expect(try train(right).parameters == train(.unkept).parameters)
    }
}
