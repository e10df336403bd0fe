import LetheTensor
import LetheTransformer
import Testing

@testable import LetheUnlearning

struct FineTuningTests {
    private func train(
        _ configuration: FineTuningConfiguration, on records: [Example] = TinyTask.records(20, seed: 3),
        validation: [Example] = [], dropout: Float = 0, seeds: TrainingSeeds = TinyTask.seeds, threads: Int = 1,
        progress: ProgressHandler = { _ in }
    ) throws -> FineTunedModel {
        try fineTune(
            TinyTask.model(dropout: dropout), on: records, validation: validation, configuration: configuration,
            seeds: seeds, pool: WorkerPool(threads: threads), stage: "test", progress: progress)
    }

    @Test func theSameSeedsGiveTheSameBitsAtAnyNumberOfThreads() throws {
        let configuration = TinyTask.fineTuning(epochs: 3)
        let first = try train(configuration, dropout: 0.1)
        let second = try train(configuration, dropout: 0.1)
        let threaded = try train(configuration, dropout: 0.1, threads: 2)
        #expect(first.parameters == second.parameters)
        #expect(first.parameters == threaded.parameters)
        #expect(first.epochs == threaded.epochs)
    }

    @Test func orderAndDropoutSeedsBothMatter() throws {
        let configuration = TinyTask.fineTuning(epochs: 2)
        let model = try train(configuration, dropout: 0.1).parameters
        let otherOrder = TrainingSeeds(order: 99, dropout: 12, adapter: 13)
        let otherDropout = TrainingSeeds(order: 11, dropout: 99, adapter: 13)
        let otherAdapter = TrainingSeeds(order: 11, dropout: 12, adapter: 99)
        #expect(try train(configuration, dropout: 0.1, seeds: otherOrder).parameters != model)
        #expect(try train(configuration, dropout: 0.1, seeds: otherDropout).parameters != model)
        #expect(try train(configuration, dropout: 0.1, seeds: otherAdapter).parameters == model)
    }

    @Test func trainingLearnsItsRecords() throws {
        let records = TinyTask.records(20, seed: 3)
        let model = try train(TinyTask.fineTuning(epochs: 40), on: records)
        #expect(model.steps == 40 * 3)
        #expect(model.keptEpoch == 40)
        #expect(try #require(model.epochs.first).trainingLoss > 0.7)
        #expect(try #require(model.epochs.last).trainingLoss < 0.1)
        #expect(TinyTask.goldProbability(model.parameters, on: records) > 0.9)
    }

    @Test func earlyStoppingKeepsTheBestEpoch() throws {
        // What is learned of these records is wrong for the others: validation gets worse once the coin tosses are learned.
        let records = TinyTask.records(20, seed: 3)
        let opposite = records.map { record in
            Example(
                inputIDs: record.inputIDs, labels: [record.labels[0] == TinyTask.yes ? TinyTask.no : TinyTask.yes])
        }
        let stopped = try train(TinyTask.fineTuning(epochs: 40, patience: 2), on: records, validation: opposite)
        let losses = try stopped.epochs.map { try #require($0.validationLoss) }
        let best = try #require(losses.min())
        #expect(stopped.keptEpoch == (losses.firstIndex(of: best) ?? -1) + 1)
        #expect(stopped.epochs.count == stopped.keptEpoch + 2)
        #expect(stopped.epochs.count < 40)
        #expect(try stopped.parameters == train(TinyTask.fineTuning(epochs: stopped.keptEpoch), on: records).parameters)
        let measured = meanLabelLoss(of: stopped.parameters, on: opposite, pool: WorkerPool(threads: 1))
        #expect(measured == best)
    }

    @Test func withoutPatienceTheLastEpochIsKeptWhateverValidationSays() throws {
        let records = TinyTask.records(20, seed: 3)
        let watched = try train(TinyTask.fineTuning(epochs: 3), on: records, validation: TinyTask.records(4, seed: 9))
        #expect(try watched.parameters == train(TinyTask.fineTuning(epochs: 3), on: records).parameters)
        // The curve has it all the same, and early stopping alone acts on it.
        let losses = try watched.epochs.map { try #require($0.validationLoss) }
        #expect(losses.count == 3 && Set(losses).count > 1)
        #expect(
            losses.last
                == meanLabelLoss(
                    of: watched.parameters, on: TinyTask.records(4, seed: 9), pool: WorkerPool(threads: 1)))
    }

    @Test func theLinearScheduleFallsInAStraightLine() throws {
        let records = TinyTask.records(20, seed: 3)
        let configuration = TinyTask.fineTuning(epochs: 2, schedule: .linear)
        let trained = try train(configuration, on: records).parameters

        // By hand: 3 steps an epoch, so the rates are 6/6, 5/6 ... 1/6 of the first.
        let trainer = Trainer(
            parameters: TinyTask.model(),
            optimizer: AdamWConfiguration(
                learningRate: configuration.learningRate, weightDecay: configuration.weightDecay),
            dropoutSeed: TinyTask.seeds.dropout, pool: WorkerPool(threads: 1))
        var step = 0
        for pass in 1...2 {
            var sampler = BatchSampler(count: 20, batchSize: 8, order: TinyTask.seeds.order, pass: pass)
            for _ in 0..<3 {
                trainer.learningRate = configuration.learningRate * (1 - Double(step) / 6)
                trainer.step(meanLabelLoss(sampler.next().map { records[$0] }))
                step += 1
            }
        }
        #expect(trained == trainer.parameters)
        #expect(try trained != train(TinyTask.fineTuning(epochs: 2), on: records).parameters)
    }

    @Test func progressAddsUpToWhatWasAnnounced() throws {
        var announced = 0
        var done = 0
        var epochs: [Int] = []
        _ = try train(TinyTask.fineTuning(epochs: 3)) { event in
            switch event {
            case .began(let stage, let units):
                #expect(stage == "test")
                announced += units
            case .advanced(let units): done += units
            case .epoch(let number, _, _): epochs.append(number)
            case .resumed: Issue.record("nothing was interrupted")
            }
        }
        #expect(announced == 60)
        #expect(done == announced)
        #expect(epochs == [1, 2, 3])
    }

    @Test func theLossOfABatchIsTheMeanOverItsKeptLabels() throws {
        let batch = [
            Example(inputIDs: [5, 1], labels: [2, Example.ignoredLabel, 4]), Example(inputIDs: [6, 1], labels: [3]),
        ]
        #expect(meanLabelLoss(batch).allSatisfy { $0.labelWeight == 1 / Float(3) })
        let ignored = [Example(inputIDs: [5, 1], labels: [Example.ignoredLabel])]
        #expect(meanLabelLoss(ignored)[0].labelWeight == 0)
    }
}
