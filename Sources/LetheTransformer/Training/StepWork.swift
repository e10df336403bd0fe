import LetheTensor

/// What the workers do in a step or a pass, one part after the other: an object that is kept, so that no step takes one from the heap.
///
/// Safety of `@unchecked Sendable`: `part` is written by the owner alone, before and after the workers read it.
final class StepWork: PieceWork, @unchecked Sendable {
    enum Part {
        case nothing
        case merges([AdapterMerge])
        /// The forward pass alone of the batch's pieces.
        case forward(BoundNetwork)
        /// Both passes of the batch's pieces, which turn logits into gradients between them.
        case passes(BoundNetwork, Objective)
        case gradients(BoundNetwork, [GradientTask])
        case update(WeightUpdate)
    }

    private var part = Part.nothing

    /// Runs all pieces of a part, and forgets it: what it views belongs to the next step.
    func run(_ part: Part, pieces: Int, on pool: WorkerPool) {
        self.part = part
        pool.run(pieces: pieces, self)
        self.part = .nothing
    }

    func work(on piece: Int) {
        switch part {
        case .nothing: break
        case .merges(let merges): merges[piece].run()
        case .forward(let network): network.forward(network.batch.pieces[piece])
        case .passes(let network, let objective):
            let piece = network.batch.pieces[piece]
            network.forward(piece)
            objective.turnLogitsIntoGradients(piece)
            network.backward(piece)
        case .gradients(let network, let tasks): tasks[piece].run(in: network)
        case .update(let update): update.run(piece)
        }
    }
}

/// The optimiser's step over all numbers that learn, in pieces.
struct WeightUpdate {
    let step: AdamW
    let weights: Storage<Float>
    let gradients: Storage<Float>
    let first: Storage<Float>
    let second: Storage<Float>

    private var chunk: Int { 1 << 15 }
    var pieces: Int { (weights.count + chunk - 1) / chunk }

    func run(_ piece: Int) {
        let range = piece * chunk..<min((piece + 1) * chunk, weights.count)
        step.update(weights, gradient: gradients, first: first, second: second, range: range)
    }
}
