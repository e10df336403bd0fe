public import LetheBytes

extension Digest {
    /// Computes the SHA-256 digest of the file at `path`, which is read in pieces and may be larger than memory.
    ///
    /// - Throws: `FileError` when the file cannot be read.
    public init(sha256OfFile path: String) throws(FileError) {
        let hasher = SHA256Hasher()
        try Files.forEachChunk(of: path) { hasher.update($0) }
        self = hasher.finalize()
    }
}
