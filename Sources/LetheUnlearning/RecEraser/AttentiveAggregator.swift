import Foundation
import LetheTensor

/// RecEraser's attention over frozen shard models, on decoder states (METHODS 1.4).
///
///     h'_k = W_k h_k + b_k          a = softmax_k(v . relu(A h'_k + c))          z = sum_k a_k z_k
///
/// h_k [d] is member k's decoder output at the first position, z_k its logits; W_k [d, d], A [d/2, d]. Computed in Double, kept in
/// Float, so that what is saved is what was used.
public struct AttentiveAggregator: Sendable, Equatable {
    /// How many models it weighs.
    public let members: Int
    /// The width d of their states.
    public let width: Int
    /// All weights end to end: for each member W and b, then A, c, v.
    public let values: [Float]

    /// The width of the hidden layer.
    var hidden: Int { max(1, width / 2) }

    /// How many weights attention over so many members of this width has.
    public static func count(members: Int, width: Int) -> Int {
        let hidden = max(1, width / 2)
        return members * (width * width + width) + hidden * width + 2 * hidden
    }

    /// Attention with given weights.
    /// - Throws: `UnlearningError.invalidParameter` where their number is wrong or one is not finite.
    public init(members: Int, width: Int, values: [Float]) throws(UnlearningError) {
        let expected = Self.count(members: members, width: width)
        guard members > 0, width > 0, values.count == expected, values.allSatisfy(\.isFinite) else {
            throw .invalidParameter(
                method: "receraser", name: "aggregator", found: "\(values.count) weights",
                expected: "\(expected) finite ones")
        }
        self.members = members
        self.width = width
        self.values = values
    }

    /// The start of training: W the identity, b and c zero, A normal with variance 1/d, v constant 0.01: nearly equal weights.
    init(members: Int, width: Int, seed: UInt64) {
        self.members = members
        self.width = width
        var generator = SeededGenerator(seed: seed)
        var values: [Float] = []
        for _ in 0..<members {
            for row in 0..<width { for column in 0..<width { values.append(row == column ? 1 : 0) } }
            values += [Float](repeating: 0, count: width)
        }
        let hidden = max(1, width / 2)
        let deviation = 1 / Double(width).squareRoot()
        for _ in 0..<hidden * width { values.append(Float(generator.nextNormal() * deviation)) }
        values += [Float](repeating: 0, count: hidden)
        values += [Float](repeating: 0.01, count: hidden)
        self.values = values
    }

    /// The weights of the members for one example, in their order; they add up to 1.
    func weights(_ states: [[Float]]) -> [Double] {
        Attention(members: members, width: width, hidden: hidden).forward(
            values.map(Double.init), states: states, mask: nil
        ).weights
    }
}

/// The computation of the attention, forward and backward, over flat weights.
struct Attention {
    let members: Int
    let width: Int
    let hidden: Int

    private func offsetW(_ member: Int) -> Int { member * (width * width + width) }
    private func offsetB(_ member: Int) -> Int { offsetW(member) + width * width }
    private var offsetA: Int { members * (width * width + width) }
    private var offsetC: Int { offsetA + hidden * width }
    private var offsetV: Int { offsetC + hidden }
    /// How many of the weights, from the first, are W and b: those that are kept small.
    var transformCount: Int { offsetA }

    /// What `backward` needs.
    struct Pass {
        let weights: [Double]
        fileprivate let transformed: [[Double]]
        fileprivate let activated: [[Double]]
    }

    /// - Parameter mask: factors on the hidden layer, [members, hidden]; nil drops nothing.
    func forward(_ theta: [Double], states: [[Float]], mask: [[Double]]?) -> Pass {
        var transformed: [[Double]] = []
        var activated: [[Double]] = []
        var scores: [Double] = []
        for (member, state) in states.enumerated() {
            var h = [Double](repeating: 0, count: width)
            for row in 0..<width {
                var sum = theta[offsetB(member) + row]
                let start = offsetW(member) + row * width
                for column in 0..<width { sum += theta[start + column] * Double(state[column]) }
                h[row] = sum
            }
            var score = 0.0
            var active = [Double](repeating: 0, count: hidden)
            for unit in 0..<hidden {
                var sum = theta[offsetC + unit]
                let start = offsetA + unit * width
                for column in 0..<width { sum += theta[start + column] * h[column] }
                active[unit] = max(sum, 0) * (mask?[member][unit] ?? 1)
                score += theta[offsetV + unit] * active[unit]
            }
            transformed.append(h)
            activated.append(active)
            scores.append(score)
        }
        let top = scores.max() ?? 0
        let exponentials = scores.map { exp($0 - top) }
        let total = exponentials.reduce(0, +)
        return Pass(weights: exponentials.map { $0 / total }, transformed: transformed, activated: activated)
    }

    /// Adds the gradient of a loss whose derivative by the members' weights is `slope`.
    func backward(
        _ theta: [Double], _ pass: Pass, states: [[Float]], mask: [[Double]]?, slope: [Double],
        onto gradient: inout [Double]
    ) {
        let mean = zip(pass.weights, slope).reduce(0) { $0 + $1.0 * $1.1 }
        for member in 0..<members {
            let score = pass.weights[member] * (slope[member] - mean)
            var back = [Double](repeating: 0, count: width)
            for unit in 0..<hidden {
                gradient[offsetV + unit] += score * pass.activated[member][unit]
                guard pass.activated[member][unit] > 0 else { continue }
                let inner = score * theta[offsetV + unit] * (mask?[member][unit] ?? 1)
                gradient[offsetC + unit] += inner
                let start = offsetA + unit * width
                for column in 0..<width {
                    gradient[start + column] += inner * pass.transformed[member][column]
                    back[column] += inner * theta[start + column]
                }
            }
            for row in 0..<width {
                gradient[offsetB(member) + row] += back[row]
                let start = offsetW(member) + row * width
                for column in 0..<width { gradient[start + column] += back[row] * Double(states[member][column]) }
            }
        }
    }
}
