extension T5Parameters {
    /// The weights as a service that saves memory would hold them: every row of a matrix as whole numbers of `bits` bits times one scale.
    ///
    /// Symmetric, to the nearest, ties to even: a row's scale is its largest magnitude over 2^(bits - 1) - 1. Norms, which are vectors,
    /// stay as they are. Traps outside of 2 to 16 bits.
    public func rounded(bits: Int) -> T5Parameters {
        precondition((2...16).contains(bits), "rounding to \(bits) bits")
        let most = Float(1 << (bits - 1) - 1)
        var values = values
        for entry in layout.entries where entry.shape.count == 2 {
            let width = entry.shape[1]
            for start in stride(from: entry.offset, to: entry.range.upperBound, by: width) {
                let row = start..<start + width
                let scale = row.reduce(Float(0)) { max($0, abs(values[$1])) } / most
                guard scale > 0 else { continue }
                for place in row { values[place] = (values[place] / scale).rounded(.toNearestOrEven) * scale }
            }
        }
        return replacing(values)
    }
}
