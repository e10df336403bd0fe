extension T5Parameters {
    /// The same weights in a model that trains with another dropout rate; inference never drops.
    /// - Throws: `ModelError.invalidConfiguration` for a rate that is not from 0 to below 1.
    public func training(dropoutRate: Float) throws(ModelError) -> T5Parameters {
        var configuration = configuration
        configuration.dropoutRate = dropoutRate
        try configuration.validate()
        return T5Parameters(configuration: configuration, layout: layout, values: values)
    }
}
