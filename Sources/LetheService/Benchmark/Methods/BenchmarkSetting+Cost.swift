import LetheRecommendation
import LetheRequests
import LetheTransformer
import LetheUnlearning

extension BenchmarkSetting {
    /// About how much work a job is, in records through a model forwards.
    func cost(of job: Job) -> Double {
        let (all, kept) = (Double(forgotten.count + retained.count), Double(retained.count))
        let epochs = Double(
            policy.training.earlyStoppingPatience == nil ? policy.training.epochs : min(policy.training.epochs, 3))
        let watched = Double(validation.count)
        let measuring = Double(test.records.count + control.records.count + 3 * audit.records.count)
        switch job {
        case .base: return 3 * Double(data.split.pretraining.count * policy.training.pretrainingEpochs)
        case .original: return epochs * (3 * all + watched)
        case .retrained: return epochs * (3 * kept + watched)
        case .row(let method, let seed):
            guard seed > 0, method != "original", method != "retrain",
                let name = Policy.MethodName(rawValue: method.split(separator: "/").first.map(String.init) ?? ""),
                let settings = policy.method(named: name)
            else { return measuring }
            let times = method.hasSuffix("/stacked") ? 2.0 : 1
            return times
                * settings.cost(all: all, forgotten: Double(forgotten.count), shard: epochs * (3 * kept + 4 * watched))
                + measuring * (settings.isSharded ? 4 : 1)
        }
    }
}

extension Policy.Method {
    fileprivate var isSharded: Bool {
        switch self {
        case .sisa, .receraser: true
        default: false
        }
    }

    /// Records through a model forwards; a step forwards and backwards is three.
    fileprivate func cost(all: Double, forgotten: Double, shard: Double) -> Double {
        func paired(_ pairs: Policy.Paired) -> Double { 6 * Double(pairs.steps * pairs.batchSize) }
        switch self {
        case .retrain: return shard
        case .sisa: return shard
        case .receraser(let eraser):
            return shard + all
                + (eraser.attention.map {
                    Double($0.epochs) * all * Double(eraser.shards) / 10 + all * Double(eraser.shards)
                } ?? 0)
        case .negKL(let pairs, _): return paired(pairs) * 4 / 3
        case .negGrad(let pairs, _, _), .badTeacherReference(let pairs), .randomLabel(let pairs): return paired(pairs)
        case .badTeacher(let teacher):
            return 4 * Double(teacher.epochs) * (forgotten + teacher.retainedShare * (all - forgotten))
        case .e2urec(let method):
            return 3 * forgotten * Double(method.augmented.epochs + method.forgetOnlyEpochs) + 2 * forgotten
                + 7 * Double(method.jointSteps * method.batchSize)
        case .calibratedE2URec(let method):
            return 3 * forgotten * Double(method.augmented.epochs) + 2 * forgotten + Double(method.anchors)
                + 5 * Double(method.steps * method.batchSize)
                + 2 * Double(CalibratedE2URec.criterionRecords * (method.steps / method.interval + 1))
        case .rewind(let rewind): return 3 * rewind.passes * (all - forgotten)
        case .adapters(let adapters): return 3 * all * Double(adapters.epochs)
        }
    }
}
