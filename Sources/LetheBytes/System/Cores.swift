import Glibc

/// The cores of this machine: they say how much to do at one time, and no result depends on them.
public enum Cores {
    /// How many are online, at least one.
    public static let count = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
}
