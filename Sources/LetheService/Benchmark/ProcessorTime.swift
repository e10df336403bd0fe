import Glibc

/// What this process has used of all cores.
///
/// Of a computation it says what it cost whatever else the machine did meanwhile, which a clock does not.
enum ProcessorTime {
    /// User and system time so far, all threads together, in seconds.
    @Sendable static func seconds() -> Double {
        var usage = rusage()
        getrusage(Int32(RUSAGE_SELF.rawValue), &usage)
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1_000_000 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }
}
