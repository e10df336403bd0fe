import LetheTensor

extension T5Parameters {
    /// Fresh weights, drawn as Hugging Face initialises a T5 with factor 1.
    ///
    /// Every weight is normal with mean 0. Standard deviations: embedding and an untied head 1; q `(dModel * dKV)^-1/2`;
    /// k, v, wi and the relative position tables `dModel^-1/2`; o `innerWidth^-1/2`; wo `dFF^-1/2`. Norm weights are 1.
    /// - Parameter seed: the same seed gives the same bits everywhere.
    public init(configuration: T5Configuration, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let layout = configuration.layout
        var values: [Float] = []
        values.reserveCapacity(layout.count)
        for entry in layout.entries {
            guard let deviation = configuration.initialDeviation(of: entry.name) else {
                values += repeatElement(1, count: entry.count)
                continue
            }
            for _ in 0..<entry.count {
                values.append(Float(generator.nextNormal() * deviation))
            }
        }
        self.init(configuration: configuration, layout: layout, values: values)
    }
}

extension T5Configuration {
    /// The standard deviation of a tensor's first weights, nil for a norm, whose weights are 1.
    fileprivate func initialDeviation(of name: String) -> Double? {
        func inverseRoot(_ width: Int) -> Double { 1 / Double(width).squareRoot() }
        if name.hasSuffix("layer_norm.weight") { return nil }
        if name == T5Names.embedding || name == T5Names.head { return 1 }
        if name.hasSuffix(".q.weight") { return inverseRoot(dModel * dKV) }
        if name.hasSuffix(".o.weight") { return inverseRoot(innerWidth) }
        if name.hasSuffix(".wo.weight") { return inverseRoot(dFF) }
        return inverseRoot(dModel)
    }
}
