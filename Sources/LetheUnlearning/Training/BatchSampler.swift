import LetheTensor

/// Batches of record indexes, in a new seeded order each pass; starts over when a pass ends.
struct BatchSampler {
    private let count: Int
    private let batchSize: Int
    private let seed: UInt64
    private var pass: Int
    private var order: [Int] = []
    private var position = 0

    /// A sampler of `count` records whose passes begin at number `pass` of the order seed.
    init(count: Int, batchSize: Int, order seed: UInt64, pass: Int) {
        precondition(count > 0 && batchSize > 0, "a sampler needs records and a batch size")
        self.count = count
        self.batchSize = batchSize
        self.seed = seed
        self.pass = pass
    }

    /// How many batches one pass over the records has; the last may be smaller.
    var batchesPerPass: Int { (count + batchSize - 1) / batchSize }

    /// The indexes of the next batch.
    mutating func next() -> [Int] {
        if position >= order.count {
            var generator = SeededGenerator(order: seed, pass: pass)
            order = Array(0..<count).shuffled(using: &generator)
            pass += 1
            position = 0
        }
        let batch = order[position..<min(position + batchSize, count)]
        position += batch.count
        return Array(batch)
    }
}
