import Foundation
import LetheTensor

@testable import LetheTransformer

/// T5 in plain Double arithmetic, one number at a time, written from the description of the architecture and not from the engine.
///
/// Everything the engine computes is compared with it; gradients with its central differences.
struct NaiveT5 {
    typealias Rows = [[Double]]

    /// What is dropped: the operation is counted in the order of the computation, the index runs over the packed batch.
    typealias Mask = (_ rate: Float, _ operation: Int, _ index: Int) -> Double

    let configuration: T5Configuration
    var weights: [String: [Double]]
    /// By PEFT's keys; empty without an adapter.
    var adapter: [String: [Double]] = [:]
    var adapterConfiguration: LoRAConfiguration?
    var mask: Mask?

    init(_ parameters: T5Parameters, adapter: LoRAParameters? = nil) {
        configuration = parameters.configuration
        weights = [:]
        for name in parameters.names { weights[name] = parameters[name]?.values.map(Double.init) }
        for name in adapter?.names ?? [] { self.adapter[name] = adapter?[name]?.values.map(Double.init) }
        adapterConfiguration = adapter?.configuration
    }

    /// Where one example's rows begin in the packed buffers: what masks are counted by.
    struct Place {
        var source = 0
        var target = 0
        var encoderProbabilities = 0
        var decoderProbabilities = 0
        var crossProbabilities = 0
    }

    // MARK: The objective

    /// Weighted label and teacher loss of a whole step.
    func losses(_ items: [TrainingItem]) -> (label: Double, teacher: Double) {
        var result = (label: 0.0, teacher: 0.0)
        var place = Place()
        for item in items {
            let rows = logits(item.example, &place)
            for (position, row) in rows.enumerated() {
                let own = logSoftmax(row)
                let label = item.example.labels[position]
                if label != -100 { result.label -= Double(item.labelWeight) * own[Int(label)] }
                if let teacher = item.teacherLogits {
                    let size = configuration.vocabularySize
                    let other = logSoftmax(teacher[position * size..<(position + 1) * size].map(Double.init))
                    for (a, b) in zip(other, own) { result.teacher += Double(item.teacherWeight) * exp(a) * (a - b) }
                }
            }
        }
        return result
    }

    func objective(_ items: [TrainingItem]) -> Double {
        let (label, teacher) = losses(items)
        return label + teacher
    }

    private func logSoftmax(_ values: [Double]) -> [Double] {
        let top = values.max() ?? 0
        let sum = values.reduce(0) { $0 + exp($1 - top) }
        return values.map { $0 - top - log(sum) }
    }

    // MARK: The network

    func logits(_ example: Example) -> Rows {
        var place = Place()
        return logits(example, &place)
    }

    private func logits(_ example: Example, _ place: inout Place) -> Rows {
        let source = example.inputIDs.isEmpty ? [configuration.padTokenID] : example.inputIDs
        let target = example.labels.indices.map { position -> Int32 in
            if position == 0 { return configuration.decoderStartTokenID }
            return example.labels[position - 1] == -100 ? configuration.padTokenID : example.labels[position - 1]
        }
        var operation = 0
        let encoded = stack("encoder", source, configuration.numLayers, nil, place, &operation)
        let decoded = stack("decoder", target, configuration.numDecoderLayers, encoded, place, &operation)
        func padded(_ count: Int) -> Int { (count + 15) / 16 * 16 }
        place.encoderProbabilities += padded(configuration.numHeads * source.count * source.count)
        place.decoderProbabilities += padded(configuration.numHeads * target.count * target.count)
        place.crossProbabilities += padded(configuration.numHeads * target.count * source.count)
        place.source += source.count
        place.target += target.count
        let width = configuration.dModel
        let head = configuration.tieWordEmbeddings ? "shared.weight" : "lm_head.weight"
        let scale = configuration.tieWordEmbeddings ? 1 / Double(width).squareRoot() : 1
        return decoded.map { row in
            (0..<configuration.vocabularySize).map { id in
                var sum = 0.0
                for (column, value) in row.enumerated() { sum += value * weight(head)[id * width + column] }
                return sum * scale
            }
        }
    }

    private func weight(_ name: String) -> [Double] { weights[name] ?? [] }

    private func drop(_ rows: Rows, first: Int, _ operation: inout Int, rate: Float? = nil) -> Rows {
        operation += 1
        let rate = rate ?? configuration.dropoutRate
        guard let mask, rate > 0 else { return rows }
        return rows.enumerated().map { row, values in
            values.enumerated().map { $1 * mask(rate, operation, (first + row) * values.count + $0) }
        }
    }

    private func stack(
        _ name: String, _ ids: [Int32], _ blocks: Int, _ encoded: Rows?, _ place: Place, _ operation: inout Int
    ) -> Rows {
        let width = configuration.dModel
        let first = encoded == nil ? place.source : place.target
        var x = ids.map { id in Array(weight("shared.weight")[Int(id) * width..<(Int(id) + 1) * width]) }
        x = drop(x, first: first, &operation)
        for block in 0..<blocks {
            let path = "\(name).block.\(block).layer"
            x = sum(
                x,
                attention(
                    "\(path).0.SelfAttention", norm(x, "\(path).0.layer_norm.weight"), nil, stack: name,
                    isCausal: encoded != nil, first, first,
                    encoded == nil ? place.encoderProbabilities : place.decoderProbabilities, &operation))
            if let encoded {
                x = sum(
                    x,
                    attention(
                        "\(path).1.EncDecAttention", norm(x, "\(path).1.layer_norm.weight"), encoded, stack: nil,
                        isCausal: false, first, place.source, place.crossProbabilities, &operation))
            }
            let last = encoded == nil ? 1 : 2
            x = sum(
                x,
                feedForward(
                    "\(path).\(last).DenseReluDense", norm(x, "\(path).\(last).layer_norm.weight"), first, &operation))
        }
        return drop(norm(x, "\(name).final_layer_norm.weight"), first: first, &operation)
    }

    private func sum(_ a: Rows, _ b: Rows) -> Rows { zip(a, b).map { zip($0, $1).map(+) } }

    private func norm(_ x: Rows, _ name: String) -> Rows {
        x.map { row in
            let square = row.reduce(0) { $0 + $1 * $1 } / Double(row.count)
            let factor = 1 / (square + Double(configuration.layerNormEpsilon)).squareRoot()
            return row.enumerated().map { $1 * factor * weight(name)[$0] }
        }
    }

    private func product(_ x: Rows, _ matrix: [Double], columns: Int) -> Rows {
        x.map { row in
            (0..<matrix.count / columns).map { out in
                var sum = 0.0
                for (column, value) in row.enumerated() { sum += value * matrix[out * columns + column] }
                return sum
            }
        }
    }

    /// Linear layers that the engine runs together take their masks one after the other.
    private func linear(_ module: String, _ x: Rows, columns: Int, first: Int, _ operation: inout Int) -> Rows {
        let y = product(x, weight("\(module).weight"), columns: columns)
        guard let a = adapter["base_model.model.\(module).lora_A.weight"],
            let b = adapter["base_model.model.\(module).lora_B.weight"], let settings = adapterConfiguration
        else { return y }
        let dropped = drop(x, first: first, &operation, rate: settings.dropout)
        let branch = product(product(dropped, a, columns: columns), b, columns: settings.rank)
        return zip(y, branch).map { zip($0, $1).map { $0 + Double(settings.scale) * $1 } }
    }

    private func attention(
        _ module: String, _ x: Rows, _ source: Rows?, stack: String?, isCausal: Bool, _ first: Int, _ sourceFirst: Int,
        _ firstProbability: Int, _ operation: inout Int
    ) -> Rows {
        let (width, inner) = (configuration.dModel, configuration.numHeads * configuration.dKV)
        let q = linear("\(module).q", x, columns: width, first: first, &operation)
        let k = linear("\(module).k", source ?? x, columns: width, first: sourceFirst, &operation)
        let v = linear("\(module).v", source ?? x, columns: width, first: sourceFirst, &operation)
        operation += 1
        let probabilityOperation = operation
        operation += 1
        let joinOperation = operation
        var context = q.map { _ in [Double](repeating: 0, count: inner) }
        for head in 0..<configuration.numHeads {
            let columns = head * configuration.dKV..<(head + 1) * configuration.dKV
            for row in q.indices {
                var scores: [Double] = []
                for key in k.indices where !isCausal || key <= row {
                    var score = stack.map { bias($0, distance: key - row, head: head) } ?? 0
                    for column in columns { score += q[row][column] * k[key][column] }
                    scores.append(score)
                }
                let probabilities = logSoftmax(scores).map { exp($0) }
                for (key, probability) in probabilities.enumerated() {
                    let index = firstProbability + (head * q.count + row) * k.count + key
                    let rate = configuration.dropoutRate
                    let factor = rate > 0 ? mask?(rate, probabilityOperation, index) ?? 1 : 1
                    for column in columns { context[row][column] += probability * factor * v[key][column] }
                }
            }
        }
        let out = linear("\(module).o", context, columns: inner, first: first, &operation)
        var join = joinOperation - 1
        return drop(out, first: first, &join)
    }

    private func bias(_ stack: String, distance: Int, head: Int) -> Double {
        let table = weight("\(stack).block.0.layer.0.SelfAttention.relative_attention_bias.weight")
        var bucket = 0
        var count = configuration.relativeAttentionNumBuckets
        if stack == "encoder" {
            count /= 2
            bucket = distance > 0 ? count : 0
        }
        let magnitude = stack == "encoder" ? abs(distance) : max(-distance, 0)
        let exact = count / 2
        if magnitude < exact {
            bucket += magnitude
        } else {
            let ratio = log(Double(magnitude) / Double(exact))
            let span = log(Double(configuration.relativeAttentionMaxDistance) / Double(exact))
            // A hair above, because exact powers sit on the edge.
            bucket += min(exact + Int(ratio / span * Double(count - exact) + 1e-9), count - 1)
        }
        return table[bucket * configuration.numHeads + head]
    }

    private func activation(_ x: Double) -> Double {
        switch configuration.feedForwardProjection {
        case .relu, .gatedRelu: max(x, 0)
        case .gelu: x / 2 * (1 + erf(x / 2.0.squareRoot()))
        case .geluNew, .gatedGelu: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * pow(x, 3))))
        case .silu, .gatedSilu: x / (1 + exp(-x))
        }
    }

    private func feedForward(_ module: String, _ x: Rows, _ first: Int, _ operation: inout Int) -> Rows {
        let width = configuration.dModel
        var hidden: Rows
        if configuration.feedForwardProjection.isGated {
            let gate = linear("\(module).wi_0", x, columns: width, first: first, &operation)
            let up = linear("\(module).wi_1", x, columns: width, first: first, &operation)
            hidden = zip(gate, up).map { zip($0, $1).map { activation($0) * $1 } }
        } else {
            hidden = linear("\(module).wi", x, columns: width, first: first, &operation).map { $0.map(activation) }
        }
        hidden = drop(hidden, first: first, &operation)
        operation += 1
        var join = operation - 1
        let out = linear("\(module).wo", hidden, columns: configuration.dFF, first: first, &operation)
        return drop(out, first: first, &join)
    }
}
