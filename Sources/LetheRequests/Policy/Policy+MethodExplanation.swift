extension Policy.Method {
    /// The method in plain words.
    var explanation: String {
        switch self {
        case .retrain:
            "Unlearning trains the base model again without the forgotten records, as the original was trained. It is exact."
        case .sisa(let sharding):
            "Unlearning is SISA: \(text(sharding)). Shards that knew a forgotten record train again from the last slice "
                + "before it. It is exact."
        case .receraser(let eraser):
            "Unlearning is RecEraser: \(count(eraser.shards, "shard")) \(text(eraser.partition)), none larger than "
                + "\(short(eraser.capacity)) times the mean (at most \(count(eraser.rounds, "round"))); shards that held a "
                + "forgotten record train again, and their answers are combined by \(text(eraser)). It is exact only given the "
                + "shards, which the forgotten records helped to find."
        case .negKL(let pairs, let dropout):
            "Unlearning is NegKL: all weights stay near the original's answers on retained records and leave them on forgotten "
                + "ones (\(text(pairs))); dropout \(short(dropout)) is what moves them at the start."
        case .negGrad(let pairs, let cap, let beta):
            "Unlearning is NegGrad: all weights go down the loss of retained records and up that of forgotten ones "
                + "(\(text(pairs))), \(bound(cap, beta))."
        case .badTeacher(let teacher):
            "Unlearning is Bad-T: all weights learn forgotten records from a model of random weights, and a share of "
                + "\(short(teacher.retainedShare)) of the retained ones from the original, for \(count(teacher.epochs, "epoch")), "
                + "\(count(teacher.batchSize, "record")) a step, learning rate \(short(teacher.learningRate))."
        case .badTeacherReference(let pairs):
            "Unlearning teaches the opposite answers on forgotten records, as the paper's code does under the name Bad-T "
                + "(\(text(pairs)))."
        case .randomLabel(let pairs):
            "Unlearning teaches answers of a fair coin on forgotten records (\(text(pairs)))."
        case .e2urec(let method): text(method)
        case .calibratedE2URec(let method):
            "Unlearning is E2URec, calibrated: an augmented model learns the forgotten records for "
                + "\(count(method.augmented.epochs, "epoch")) (learning rate \(short(method.augmented.learningRate))), the forgetting "
                + "teacher goes against it as far (alpha at most \(short(method.maximumAlpha))) as makes forgotten records look like "
                + "those of users whom the model never saw; an adapter of rank \(method.rank) (scale "
                + "\(short(method.loraAlpha / Double(method.rank))), dropout \(short(method.loraDropout))) trains at most "
                + "\(count(method.steps, "step")) (beta \(short(method.beta)), \(count(method.batchSize, "record")) of each kind a "
                + "step, \(count(method.anchors, "retained record")), learning rate \(short(method.learningRate))), ends when a look "
                + "every \(count(method.interval, "step")) finds them alike, and is merged into the weights."
        case .rewind(let rewind):
            "Unlearning rewinds: of the way that training led from the base to the original a share of \(short(rewind.share)) is "
                + "kept; all weights then learn the retained records again (passes: \(short(rewind.passes)), "
                + "\(count(rewind.batchSize, "record")) a step, learning rate \(short(rewind.learningRate)), falling to zero). "
                + "The forgotten records are not read."
        case .adapters(let adapters):
            "Unlearning retrains an adapter: users only ever train adapters of rank \(adapters.rank) (scale "
                + "\(short(adapters.loraAlpha / Double(adapters.rank))), dropout \(short(adapters.loraDropout))) on a base that "
                + "never saw them, \(text(adapters.sharding)), \(count(adapters.epochs, "epoch")), "
                + "\(count(adapters.batchSize, "record")) a step, learning rate \(short(adapters.learningRate)). An adapter that "
                + "knew a forgotten record trains again from the last slice before it. It is exact."
        }
    }

    private func text(_ pairs: Policy.Paired) -> String {
        "lambda \(short(pairs.lambda)), \(count(pairs.steps, "step")) of \(count(pairs.batchSize, "record")) of each kind, "
            + "learning rate \(short(pairs.learningRate))"
    }

    private func text(_ sharding: Policy.Sharding) -> String {
        let unit = sharding.unit == .user ? "users" : "records"
        return
            "\(unit) go into \(count(sharding.shards, "shard")) of \(count(sharding.slices, "slice")) by a keyed hash"
            + (sharding.shards > 1 ? ", answers are combined by \(sharding.aggregation.rawValue)" : "")
    }

    private func text(_ partition: Policy.RecEraser.Partition) -> String {
        switch partition {
        case .user: "of similar users"
        case .item: "of similar items"
        case .interaction: "of similar interactions"
        case .shuffled: "of shuffled users"
        }
    }

    private func text(_ eraser: Policy.RecEraser) -> String {
        guard let attention = eraser.attention else { return eraser.aggregation.rawValue }
        return
            "attention (\(count(attention.epochs, "epoch")), \(count(attention.batchSize, "record")) a step, learning rate "
            + "\(short(attention.learningRate)), dropout \(short(attention.dropout)), penalty \(short(attention.penalty)))"
    }

    private func bound(_ cap: Double?, _ beta: Double?) -> String {
        if let cap { return "which a record leaves once it lost \(short(cap)) nats a token" }
        if let beta { return "bounded as negative preference optimisation with beta \(short(beta))" }
        return "without a bound"
    }

    private func text(_ method: Policy.E2URec) -> String {
        "Unlearning is E2URec: an augmented model learns the forgotten records for "
            + "\(count(method.augmented.epochs, "epoch")) (learning rate \(short(method.augmented.learningRate))), the forgetting "
            + "teacher goes against it with alpha \(short(method.alpha)); an adapter of rank \(method.rank) (scale "
            + "\(short(method.loraAlpha / Double(method.rank))), dropout \(short(method.loraDropout))) trains "
            + "\(count(method.forgetOnlyEpochs, "forget-only epoch")) and \(count(method.jointSteps, "joint step")) (beta "
            + "\(short(method.beta))), \(count(method.batchSize, "record")) a step, learning rate \(short(method.learningRate)), "
            + "and is merged into the weights."
    }

    private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
