import Foundation
import LetheBytes
import LetheTensor
import Testing

@testable import LetheTransformer

/// The published method's terms: the forgetting teacher is `original - alpha * relu(augmented - original)` on logits, the
/// remembering teacher the original; both are averaged over every position, label padding included.
@Suite(.enabled(if: SharedFiles.exists))
struct OracleE2URecTests {
    private let pool = WorkerPool(threads: 2)

    struct Setting: Sendable, CustomTestStringConvertible {
        let oracle: OracleCase
        let isMasked: Bool
        let alpha: Float
        let weight: Float
        var tag: String { isMasked ? "mask" : "nomask" }
        var key: String { alpha == 1 ? "\(tag)_a1_w0.5" : "\(tag)_a2_w0.6" }
        var testDescription: String { "\(oracle.name) \(key)" }

        static let all: [Setting] = OracleCase.full.flatMap { oracle in
            [true, false].flatMap { isMasked in
                [(Float(1), Float(0.5)), (2, 0.6)].map { alpha, weight in
                    Setting(oracle: oracle, isMasked: isMasked, alpha: alpha, weight: weight)
                }
            }
        }
    }

    /// Everything that the terms need: batches, teachers and the student before its first step.
    private struct Scene {
        let forget: OracleBatch
        let retain: OracleBatch
        let forgetTeachers: [[Float]]
        let retainTeachers: [[Float]]
        let student: Trainer

        func forgetItems(_ weight: Float) -> [TrainingItem] {
            forget.items(labelWeight: 0, teachers: forgetTeachers, teacherWeight: weight)
        }

        func retainItems(_ weight: Float) -> [TrainingItem] {
            retain.items(labelWeight: weight, teachers: retainTeachers, teacherWeight: weight)
        }

        func totalItems(_ weight: Float) -> [TrainingItem] { forgetItems(1 - weight) + retainItems(weight) }
    }

    private func scene(_ setting: Setting) throws -> Scene {
        let oracle = setting.oracle
        let forget = try oracle.batch("e2urec/forget_batch", isMasked: setting.isMasked)
        let retain = try oracle.batch("e2urec/retain_batch", isMasked: setting.isMasked)
        let original = Inference(parameters: try oracle.model(), pool: pool)
        let augmented = Inference(parameters: try oracle.model("e2urec/augmented"), pool: pool)
        let teachers = zip(
            original.logits(forget.examples, positions: .all), augmented.logits(forget.examples, positions: .all)
        ).map { original, augmented in zip(original, augmented).map { $0 - setting.alpha * max($1 - $0, 0) } }
        return Scene(
            forget: forget, retain: retain, forgetTeachers: teachers,
            retainTeachers: original.logits(retain.examples, positions: .all),
            student: Trainer(
                parameters: try oracle.model(), adapter: try oracle.lora(), optimizer: AdamWConfiguration(),
                dropoutSeed: 0, pool: pool))
    }

    /// The mean entropy of the teachers' distributions: what the published cross-entropy has above the divergence.
    private func entropy(_ teachers: [[Float]], vocabularySize: Int) -> Double {
        var sum = 0.0
        var rows = 0
        for teacher in teachers {
            for start in stride(from: 0, to: teacher.count, by: vocabularySize) {
                let row = teacher[start..<start + vocabularySize].map(Double.init)
                let top = row.max() ?? 0
                let total = row.reduce(0) { $0 + exp($1 - top) }
                sum -= row.reduce(0) { $0 + exp($1 - top) / total * ($1 - top - log(total)) }
                rows += 1
            }
        }
        return sum / Double(rows)
    }

    @Test(arguments: Setting.all)
    func termsEqualThePublishedOnes(_ setting: Setting) throws {
        let scene = try scene(setting)
        let terms = try setting.oracle.json("e2urec/terms.json")[setting.key]
        func expected(_ name: String) throws -> Double { try #require(terms?[name]?.real) }
        let vocabularySize = setting.oracle.configuration.vocabularySize
        let forget = scene.student.gradientsForTesting(scene.forgetItems(1)).loss.teacherLoss
        let retain = scene.student.gradientsForTesting(scene.retainItems(1)).loss
        let forgetEntropy = entropy(scene.forgetTeachers, vocabularySize: vocabularySize)
        let retainEntropy = entropy(scene.retainTeachers, vocabularySize: vocabularySize)
        #expect(abs(forget - (try expected("forget_kl_true"))) <= Tolerance.loss)
        #expect(abs(forget + forgetEntropy - (try expected("forget_ce"))) <= Tolerance.loss)
        #expect(abs(retain.teacherLoss - (try expected("retain_kl_true"))) <= Tolerance.loss)
        #expect(abs(retain.teacherLoss + retainEntropy - (try expected("retain_ce"))) <= Tolerance.loss)
        #expect(abs(retain.labelLoss - (try expected("retain_gd"))) <= Tolerance.loss)
        let total = scene.student.gradientsForTesting(scene.totalItems(setting.weight)).loss.objective
        let weight = Double(setting.weight)
        let constant = weight * retainEntropy + (1 - weight) * forgetEntropy
        #expect(abs(total + constant - (try expected("total"))) <= Tolerance.loss)
    }

    @Test(arguments: Setting.all.filter { $0.alpha == 2 })
    func teachersAndStudentLogitsEqualThePublishedOnes(_ setting: Setting) throws {
        let scene = try scene(setting)
        let expected = try setting.oracle.file("e2urec/logits_a2")
        #expect(
            distance(scene.forgetTeachers.flatMap { $0 }, try expected.floats("\(setting.tag)/forget_teacher_logits"))
                <= Tolerance.adapterLogits)
        #expect(
            distance(scene.retainTeachers.flatMap { $0 }, try expected.floats("\(setting.tag)/original_retain_logits"))
                <= Tolerance.logits)
        let student = Inference(
            parameters: try setting.oracle.model(), adapter: try setting.oracle.lora(), pool: pool)
        for (name, batch) in [("student_forget_logits", scene.forget), ("student_retain_logits", scene.retain)] {
            let logits = student.logits(batch.examples, positions: .all).flatMap { $0 }
            #expect(distance(logits, try expected.floats("\(setting.tag)/\(name)")) <= Tolerance.adapterLogits)
        }
    }

    @Test(arguments: Setting.all.filter { $0.alpha == 2 })
    func gradientsEqualThePublishedOnes(_ setting: Setting) throws {
        let scene = try scene(setting)
        for (name, items) in [("forget", scene.forgetItems(1)), ("total", scene.totalItems(setting.weight))] {
            let found = scene.student.gradientsForTesting(items).gradients
            let expected = try setting.oracle.tensors("e2urec/grads_\(name)_\(setting.tag)")
            #expect(Set(found.keys) == Set(expected.keys))
            for (key, tensor) in expected {
                let largest = tensor.values.map(abs).max() ?? 0
                #expect(
                    distance(try #require(found[key]).values, tensor.values)
                        <= Tolerance.gradient + Tolerance.gradientShare * largest, "\(name) \(key)")
            }
        }
    }

    /// Two steps that only forget, then two that also remember, without a mask.
    @Test(arguments: OracleCase.full)
    func scheduledStepsEqualThePublishedOnes(_ oracle: OracleCase) throws {
        let scene = try scene(Setting(oracle: oracle, isMasked: false, alpha: 2, weight: 0.6))
        for step in 1...4 {
            scene.student.step(step <= 2 ? scene.forgetItems(1) : scene.totalItems(0.6))
            guard step % 2 == 0 else { continue }
            let adapter = try #require(scene.student.adapter)
            var near = 0
            var all = 0
            for (name, tensor) in try oracle.tensors("e2urec/adamw_step\(step)") {
                let own = try #require(adapter[name])
                near += zip(own.values, tensor.values).count { abs($0 - $1) <= Tolerance.step }
                all += own.values.count
                #expect(distance(own.values, tensor.values) <= Float(2 * 5e-4 * Double(step)), "\(name)")
            }
            #expect(Double(near) >= Tolerance.stepShare * Double(all), "\(near) of \(all)")
        }
    }
}

extension OracleCase {
    func json(_ path: String) throws -> JSONValue {
        try StrictJSON.parse(SharedFiles.read("oracle/fixtures/\(name)/\(path)"))
    }

    /// A list of numbers in `info.json`.
    func information(_ key: String) throws -> [Double] {
        try json("info.json")[key]?.arrayValue?.compactMap(\.real) ?? []
    }
}

extension JSONValue {
    fileprivate var real: Double? {
        if case .number(let literal) = self { Double(literal) } else { nil }
    }
}
