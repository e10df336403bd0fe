/// How fast the machine multiplies matrices at its best: what a training step's speed is compared with.
public enum MatrixPeak {
    /// Billions of floating-point operations per second of a square product on every thread of `pool` at once, the best of some
    /// rounds.
    ///
    /// - Parameters:
    ///   - seconds: a clock; only differences count.
    ///   - rounds: how often the products are timed.
    public static func gigaflops(pool: WorkerPool, rounds: Int = 8, seconds: () -> Double) -> Double {
        let size = 768
        let operands = (0..<pool.threads).map { _ in
            (Matrix.filled(size), Matrix.filled(size), Matrix(rows: size, columns: size))
        }
        var best = 0.0
        for _ in 0..<max(rounds, 1) {
            let start = seconds()
            pool.run(pieces: operands.count) { index in
                let (a, b, out) = operands[index]
                MatrixProduct.multiply(a, .plain, b, .plain, into: out)
            }
            let operations = 2 * Double(size * size * size * operands.count)
            best = max(best, operations / max(seconds() - start, 1e-9) / 1e9)
        }
        return best
    }
}

extension Matrix {
    /// Numbers of ordinary size, none of them special.
    fileprivate static func filled(_ size: Int) -> Matrix {
        Matrix(rows: size, columns: size, (0..<size * size).map { Float($0 % 17) / 17 - 0.5 })
    }
}
