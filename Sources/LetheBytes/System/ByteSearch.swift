import Glibc

extension [UInt8] {
    /// The first place from `start` on that holds `byte`: `memchr`, which is fast in unoptimised builds too.
    package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        withUnsafeBytes { raw in
            guard let base = raw.baseAddress, start < raw.count,
                let found = memchr(base + start, Int32(byte), raw.count - start)
            else { return nil }
            return UnsafeRawPointer(found) - base
        }
    }
}
