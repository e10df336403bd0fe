import Foundation
import Testing

@testable import LetheTensor

struct AttentionTests {
    struct Shape: Sendable, CustomTestStringConvertible {
        let queries: Int
        let keys: Int
        let isCausal: Bool
        let hasBias: Bool
        var testDescription: String { "\(queries)x\(keys)\(isCausal ? " causal" : "")\(hasBias ? " biased" : "")" }
    }

    static let shapes = [
        Shape(queries: 1, keys: 1, isCausal: false, hasBias: false),
        Shape(queries: 5, keys: 5, isCausal: true, hasBias: true),
        Shape(queries: 3, keys: 19, isCausal: false, hasBias: false),
        Shape(queries: 18, keys: 18, isCausal: false, hasBias: true),
        Shape(queries: 17, keys: 17, isCausal: true, hasBias: false),
    ]

    @Test(arguments: [(1, 1), (3, 16), (5, 17), (20, 33)], [true, false])
    func softmaxEqualsReference(_ shape: (rows: Int, columns: Int), causal: Bool) {
        var generator = SeededGenerator(seed: 1)
        let scores = generator.matrix(shape.rows, shape.columns, deviation: 4)
        let expected = Matrix(rows: shape.rows, columns: shape.columns, scores.values)
        let bias = generator.matrix(1, 100)
        Softmax.forward(scores, bias: bias, origin: 50, causal: causal)
        Softmax.reference(expected, bias: bias, origin: 50, causal: causal)
        #expect(relativeDistance(scores, expected) < singlePrecision)
    }

    @Test(arguments: shapes)
    func attentionEqualsReference(_ shape: Shape) {
        var scene = Scene(shape)
        #expect(relativeDistance(scene.forward(), scene.reference()) < 5e-6)
    }

    /// The gradient of a random linear function of the context, against central differences of the reference in Double.
    @Test(arguments: shapes)
    func gradientsEqualCentralDifferences(_ shape: Shape) {
        var scene = Scene(shape)
        _ = scene.forward()
        let gradients = scene.backward()
        for (name, found) in gradients {
            let start = scene.values(name)
            for index in Swift.stride(from: 0, to: start.count, by: max(1, start.count / 40)) {
                let expected = centralDifference(start, index) { scene.objective(replacing: name, by: $0) }
                #expect(abs(Double(found.values[index]) - expected) < 2e-5 * max(1, abs(expected)), "\(name)[\(index)]")
            }
        }
    }

    @Test func withoutKeyGradientsTheQueriesGradientIsTheSame() {
        var scene = Scene(AttentionTests.shapes[2])
        _ = scene.forward()
        let all = scene.backward()
        let alone = scene.backward(keys: false)
        #expect(all["queries"]?.values == alone["queries"]?.values)
        #expect(alone["keys"] == nil)
    }

    private struct Scene {
        let shape: Shape
        let attention: Attention
        let inputs: [String: Matrix]
        let outer: Matrix
        let probabilities: Attention.Probabilities
        static let heads = 2
        static let width = 3

        init(_ shape: Shape) {
            self.shape = shape
            var generator = SeededGenerator(seed: 11)
            attention = Attention(heads: Scene.heads, isCausal: shape.isCausal)
            let inner = Scene.heads * Scene.width
            inputs = [
                "queries": generator.stridedMatrix(shape.queries, inner),
                "keys": generator.stridedMatrix(shape.keys, inner),
                "values": generator.stridedMatrix(shape.keys, inner), "bias": generator.matrix(Scene.heads, 41),
            ]
            outer = generator.stridedMatrix(shape.queries, inner)
            let kept = Matrix(rows: Scene.heads * shape.queries, columns: shape.keys)
            probabilities = Attention.Probabilities(kept: kept, dropped: kept, dropout: nil, first: 0)
        }

        func matrix(_ name: String) -> Matrix { inputs[name] ?? outer }
        func values(_ name: String) -> [Double] { matrix(name).values.map(Double.init) }
        var bias: Attention.Bias? { shape.hasBias ? Attention.Bias(values: matrix("bias"), origin: 20) : nil }

        mutating func forward() -> Matrix {
            let context = Matrix(rows: shape.queries, columns: outer.columns + 1).columns(1..<outer.columns + 1)
            attention.forward(
                queries: matrix("queries"), keys: matrix("keys"), values: matrix("values"), bias: bias,
                probabilities: probabilities, into: context)
            return context
        }

        func reference() -> Matrix {
            let context = Matrix(rows: shape.queries, columns: outer.columns)
            attention.reference(
                queries: matrix("queries"), keys: matrix("keys"), values: matrix("values"), bias: bias, into: context)
            return context
        }

        func backward(keys: Bool = true) -> [String: Matrix] {
            var gradients: [String: Matrix] = [:]
            for name in ["queries", "keys", "values"] where keys || name == "queries" {
                gradients[name] = Matrix(rows: matrix(name).rows, columns: matrix(name).columns)
            }
            let biasGradient = shape.hasBias ? Matrix(rows: Scene.heads, columns: 41) : nil
            gradients["bias"] = biasGradient
            attention.backward(
                queries: matrix("queries"), keys: matrix("keys"), values: matrix("values"),
                probabilities: probabilities, contextGradient: outer,
                queriesGradient: gradients["queries"] ?? outer, keysGradient: gradients["keys"],
                valuesGradient: gradients["values"],
                biasGradient: biasGradient.map { Attention.Bias(values: $0, origin: 20) },
                scratch: Matrix(rows: probabilities.kept.rows, columns: probabilities.kept.columns))
            return gradients
        }

        /// Plain attention in Double with one input replaced.
        func objective(replacing name: String, by replacement: [Double]) -> Double {
            func input(_ other: String) -> [Double] { other == name ? replacement : values(other) }
            let (q, k, v, b) = (input("queries"), input("keys"), input("values"), input("bias"))
            let inner = Scene.heads * Scene.width
            var sum = 0.0
            for head in 0..<Scene.heads {
                for row in 0..<shape.queries {
                    let visible = shape.isCausal ? row + 1 : shape.keys
                    var weights: [Double] = []
                    for key in 0..<visible {
                        var score = shape.hasBias ? b[head * 41 + 20 + key - row] : 0
                        for c in head * Scene.width..<(head + 1) * Scene.width {
                            score += q[row * inner + c] * k[key * inner + c]
                        }
                        weights.append(exp(score))
                    }
                    let total = weights.reduce(0, +)
                    for c in head * Scene.width..<(head + 1) * Scene.width {
                        for key in 0..<visible {
                            sum += weights[key] / total * v[key * inner + c] * Double(outer[row, c])
                        }
                    }
                }
            }
            return sum
        }
    }
}
