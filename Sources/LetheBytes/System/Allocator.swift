import Glibc

/// The C library's allocator, as this process wants it.
public enum Allocator {
    /// Lets the allocator keep one arena for each core instead of eight.
    ///
    /// What is freed stays in the arena it came from, and threads come and go: with more arenas than cores, a long pass that holds little
    /// at any one time grows by tens of megabytes all the same. To be called before the first thread starts.
    public static func keepOneArenaPerCore() {
        typealias Option = @convention(c) (Int32, Int32) -> Int32
        // The module of the C library that Swift sees leaves malloc.h out. M_ARENA_MAX is -8.
        if let option = dlsym(nil, "mallopt") {
            _ = unsafeBitCast(option, to: Option.self)(-8, Int32(clamping: Cores.count))
        }
    }

    /// Gives back to the system what is free.
    public static func trim() {
        typealias Trim = @convention(c) (Int) -> Int32
        if let trim = dlsym(nil, "malloc_trim") { _ = unsafeBitCast(trim, to: Trim.self)(0) }
    }
}
