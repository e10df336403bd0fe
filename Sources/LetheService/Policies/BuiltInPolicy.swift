/// The policies that come with the program: the files of the `Policies` folder, compiled in.
public enum BuiltInPolicy {
    /// For `lethe demo` on synthetic data.
    public static var demo: [UInt8] { PackageResources.demo_yaml }
    /// For MovieLens-1M under the paper's protocol.
    public static var movieLens1M: [UInt8] { PackageResources.ml_1m_yaml }
    /// For GoodReads under our protocol.
    public static var goodReads: [UInt8] { PackageResources.goodreads_yaml }

    /// For `lethe benchmark methods`: what a company would ship.
    public static var earlyStopped: [UInt8] { PackageResources.benchmark_early_stopped_yaml }
    /// For `lethe benchmark methods`: several epochs without early stopping, so that there is something to forget.
    public static var memorising: [UInt8] { PackageResources.benchmark_memorising_yaml }

    /// The policy that a kind of data is meant for; nil for a mapped log, about which only its controller can tell.
    public static func policy(for kind: DatasetProfile.Kind) -> [UInt8]? {
        switch kind {
        case .synthetic: demo
        case .movieLens1M: movieLens1M
        case .goodReads: goodReads
        case .mapping: nil
        }
    }
}
