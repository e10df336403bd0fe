import LetheBytes

/// A private key in a file of its own, which nobody but its owner may read.
public enum PrivateKeyFile {
    /// Larger than any Ed25519 key in PEM.
    static let maximumByteCount = 4096
    /// What every private key file is written with.
    public static let permissions: UInt16 = 0o600

    /// Reads the key at `path`; `passphrase` is used for an encrypted one only.
    ///
    /// Where its public key lies beside it, as `path` and `.pub`, the two must belong together: encryption with PBES2 does not
    /// authenticate, so that a damaged file may open to another key.
    /// - Throws: `.file(.exposed)` where others may read the file, with the command that mends it; `.otherPublicKey`; the other cases
    ///   of `KeyError`.
    public static func read(_ path: String, passphrase: Passphrase?) throws(KeyError) -> SigningKey {
        var (text, exposure) = try readText(path)
        defer { wipe(&text) }
        // What is no private key at all is told so, not to change its permissions.
        let isPrivate = text.firstRange(of: Array("PRIVATE KEY-----".utf8)) != nil
        if isPrivate, let exposure { throw .file(exposure) }
        let key = try SigningKey(pemBytes: text, passphrase: passphrase)
        if let expected = try publicKey(beside: path), expected != key.publicKey {
            throw .otherPublicKey(file: path + ".pub", expected: expected.keyID, found: key.publicKey.keyID)
        }
        return key
    }

    private static func publicKey(beside path: String) throws(KeyError) -> VerifyingKey? {
        let bytes: [UInt8]
        do {
            bytes = try Files.read(path + ".pub", limit: maximumByteCount)
        } catch .notFound { return nil } catch {
            throw .file(error)
        }
        return try VerifyingKey(pem: String(decoding: bytes, as: UTF8.self))
    }

    /// Whether the key at `path` is under a passphrase.
    public static func isEncrypted(_ path: String) throws(KeyError) -> Bool {
        var text = try readText(path).text
        defer { wipe(&text) }
        return SigningKey.isEncrypted(pemBytes: text)
    }

    /// Writes the key, under `passphrase` where there is one; the file is there completely or not at all.
    public static func write(_ key: SigningKey, to path: String, under passphrase: Passphrase?) throws(KeyError) {
        var bytes = key.pemBytes(under: passphrase)
        defer { wipe(&bytes) }
        do {
            try Files.write(bytes, to: path, permissions: permissions)
        } catch {
            throw .file(error)
        }
    }

    private static func readText(_ path: String) throws(KeyError) -> (text: [UInt8], exposure: FileError?) {
        do throws(FileError) {
            return (text: try Files.read(path, limit: maximumByteCount), exposure: try exposureOfFile(path))
        } catch {
            throw .file(error)
        }
    }

    private static func exposureOfFile(_ path: String) throws(FileError) -> FileError? {
        let permissions = try Files.permissions(path)
        return permissions & 0o077 == 0 ? nil : .exposed(path: path, permissions: permissions)
    }
}
