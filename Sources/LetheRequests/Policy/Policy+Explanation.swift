extension Policy {
    /// The policy in plain words, a line an idea, for `lethe policy check` and the report.
    public var explanation: [String] {
        [
            "Policy \"\(name)\" follows \(law).",
            clockText,
            "Requests are acted on once the requester's identity is at least \(requests.identityLevel.rawValue); a request may "
                + "be at most \(count(requests.maximumWindowHours, "hour")) old, and a sender's clock at most "
                + "\(count(requests.clockSkewSeconds, "second")) ahead.",
            "Up to \(count(batching.maximumRequests, "request")) are handled together; a run starts no later than "
                + "\(count(batching.marginDays, "day")) before the earliest deadline.",
            "The recommender is a T5 of shape \(model.shape.rawValue) with \(model.vocabularySize) vocabulary pieces; prompts "
                + "take the \(model.promptTemplate.rawValue) form and at most \(model.maximumTokens) tokens.",
            trainingText,
            method.explanation,
            "Forgetting is measured against \(count(verification.references, "reference model")) retrained without the "
                + "forgotten records. PASS needs \(verification.require.map(\.rawValue).joined(separator: ", ")):",
        ] + verification.require.map { "  \($0.rawValue): \(gateText($0))" } + [
            "Every gate is tested at level \(short(verification.thresholds.alpha)) with "
                + "\(verification.thresholds.bootstrapReplicates) bootstrap replicates.",
            retention.shredAfterFulfilment
                ? "When a request is fulfilled, the key of its personal data is destroyed and the destruction is logged."
                : "Personal data of fulfilled requests stays in the vault until an officer destroys its key.",
            "Training and inference use \(count(threads, "thread")).",
        ] + (methods.isEmpty ? [] : [othersText]) + (ladder?.explanation ?? []) + (roles?.explanation ?? [])
            + [timestamping?.explanation].compactMap(\.self)
            + [tombstonesText].compactMap(\.self) + (recipients?.explanation ?? []) + backups.map(\.explanation)
            + retained.map(\.explanation)
    }

    private var law: String {
        switch regulation {
        case .gdpr: "the GDPR (Art. 17): an answer within one calendar month, two more months with notice"
        case .ccpa:
            "the CCPA (1798.105): receipt confirmed within 10 business days, an answer within 45 calendar days, 45 more with notice"
        }
    }

    private var clockText: String {
        let offset =
            clock.utcOffsetMinutes == 0
            ? "in UTC"
            : "at UTC\(clock.utcOffsetMinutes < 0 ? "-" : "+")\(padded(abs(clock.utcOffsetMinutes) / 60, 2)):\(padded(abs(clock.utcOffsetMinutes) % 60, 2))"
        let holidays =
            clock.holidays.isEmpty
            ? "no public holidays are known"
            : count(clock.holidays.count, "public holiday") + (clock.holidays.count == 1 ? " is known" : " are known")
        return "The day of receipt is the day \(offset); weekends count as the law says, \(holidays)."
    }

    private var trainingText: String {
        let stop = training.earlyStoppingPatience.map {
            "stops after \(count($0, "epoch")) without a better validation loss"
        }
        let rate = training.pretrainingLearningRate.map { " at a learning rate of \(short($0))" } ?? ""
        return "Training runs \(count(training.pretrainingEpochs, "pretraining epoch"))\(rate) and at most "
            + "\(count(training.epochs, "epoch")), \(count(training.batchSize, "record")) a step, learning rate "
            + "\(short(training.learningRate)) (decay: \(training.learningRateDecay.rawValue)), weight decay "
            + "\(short(training.weightDecay)), dropout \(short(training.dropout)); it \(stop ?? "does not stop early")."
    }

    private var tombstonesText: String? {
        retention.tombstoneDays.map {
            "A list of the rows that the data pipeline must delete is kept, sealed, for \(count($0, "day")) after the verdict."
        }
    }

    private var othersText: String {
        "A run may choose another method by name: \(methods.map(\.name.rawValue).joined(separator: ", "))."
    }

    private func gateText(_ gate: Gate) -> String {
        let thresholds = verification.thresholds
        return switch gate {
        case .g0:
            "the original model measurably remembers the forgotten records (otherwise the verdict is INCONCLUSIVE)"
        case .g1:
            "what is remembered relative to the original lies within \(short(thresholds.rrmMargin)) of a retrained model, on either side"
        case .g2:
            "less than \(short(thresholds.jgMargin)) of the original's distance (Jensen-Shannon) to retrained models remains"
        case .g3:
            "a membership test by loss succeeds as often as on retrained models, its AUC within "
                + "\(short(thresholds.membershipMargin ?? 0.05)) of theirs on either side" + likelihoodRatioText
        case .g4:
            "less than \(short(thresholds.rrmMargin)) of what the original remembers comes back while the models learn a twentieth of the "
                + "forgotten people's records again, or when weights are rounded to four bits"
        case .g5:
            "retained users lose at most \(short(thresholds.aucMargin)) AUC and gain at most \(short(thresholds.logLossMargin)) log-loss"
        }
    }

    private var likelihoodRatioText: String {
        guard let originals = verification.membershipOriginals else { return "" }
        let test =
            "a likelihood ratio by person, against \(count(originals, "further original")) trained for it and destroyed,"
        return verification.thresholds.userMembershipMargin.map {
            "; \(test) calls less than \(short($0)) more of them members than of retrained models'"
        } ?? "; \(test) is measured for information"
    }

    private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
