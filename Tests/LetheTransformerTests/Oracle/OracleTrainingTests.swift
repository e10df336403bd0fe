import LetheTensor
import Testing

@testable import LetheTransformer

@Suite(.enabled(if: SharedFiles.exists))
struct OracleTrainingTests {
    private let pool = WorkerPool(threads: 2)

    private func trainer(_ oracle: OracleCase, _ adapter: LoRAParameters? = nil) throws -> Trainer {
        Trainer(
            parameters: try oracle.model(), adapter: adapter, optimizer: AdamWConfiguration(), dropoutSeed: 0,
            pool: pool)
    }

    /// Every expected gradient is there and near.
    private func expectGradients(_ found: [String: Tensor], _ expected: [String: Tensor]) throws {
        #expect(Set(found.keys) == Set(expected.keys))
        for (name, tensor) in expected {
            let largest = tensor.values.map(abs).max() ?? 0
            let own = try #require(found[name])
            #expect(own.shape == tensor.shape)
            #expect(
                distance(own.values, tensor.values) <= Tolerance.gradient + Tolerance.gradientShare * largest, "\(name)"
            )
        }
    }

    /// Nearly all elements after the steps are near, and none is farther than the optimiser can throw it.
    private func expectSteps(_ found: (String) -> Tensor?, _ expected: [String: Tensor], steps: Int) throws {
        var near = 0
        var all = 0
        for (name, tensor) in expected {
            let own = try #require(found(name))
            for (a, b) in zip(own.values, tensor.values) {
                all += 1
                if abs(a - b) <= Tolerance.step { near += 1 }
            }
            #expect(distance(own.values, tensor.values) <= Float(2 * 5e-4 * Double(steps)), "\(name)")
        }
        #expect(Double(near) >= Tolerance.stepShare * Double(all), "\(near) of \(all)")
    }

    @Test(arguments: OracleCase.all)
    func lossAndEveryGradientEqualHuggingFace(_ oracle: OracleCase) throws {
        let (loss, gradients) = try trainer(oracle).gradientsForTesting(try oracle.batch().items())
        let expected = Double(try oracle.file("expected").floats("loss")[0])
        #expect(abs(loss.labelLoss - expected) <= Tolerance.loss)
        try expectGradients(gradients, try oracle.tensors("grads"))
    }

    @Test(arguments: OracleCase.all)
    func lossWithoutMaskEqualsHuggingFace(_ oracle: OracleCase) throws {
        let loss = try trainer(oracle).gradientsForTesting(try oracle.batch(isMasked: false).items()).loss
        #expect(abs(loss.labelLoss - Double(try oracle.file("expected").floats("nomask_loss")[0])) <= Tolerance.loss)
    }

    @Test(arguments: OracleCase.full)
    func adamWStepsEqualPyTorch(_ oracle: OracleCase) throws {
        let trainer = try trainer(oracle)
        let items = try oracle.batch().items()
        let losses = try oracle.information("adamw_losses_before_each_step")
        for step in 1...5 {
            let loss = trainer.step(items).objective
            #expect(abs(loss - losses[step - 1]) <= 1e-3 * losses[step - 1])
            if step == 1 || step == 5 {
                let parameters = trainer.parameters
                try expectSteps({ parameters[$0] }, try oracle.tensors("adamw_step\(step)"), steps: step)
            }
        }
    }

    @Test(arguments: OracleCase.all)
    func adapterGradientsEqualPEFT(_ oracle: OracleCase) throws {
        let gradients = try trainer(oracle, oracle.lora()).gradientsForTesting(try oracle.batch().items()).gradients
        try expectGradients(gradients, try oracle.tensors("lora/grads"))
    }

    @Test(arguments: OracleCase.all)
    func adapterStepsEqualPEFT(_ oracle: OracleCase) throws {
        let trainer = try trainer(oracle, oracle.lora())
        let items = try oracle.batch().items()
        for step in 1...5 {
            trainer.step(items)
            if step == 1 || step == 5 {
                let adapter = try #require(trainer.adapter)
                try expectSteps({ adapter[$0] }, try oracle.tensors("lora/adamw_step\(step)"), steps: step)
            }
        }
        #expect(trainer.parameters == (try oracle.model()))
    }
}
