import COpenSSL
import Glibc
import LetheBytes

/// The OpenSSL library that this process runs with.
public enum CryptographyLibrary {
    /// Its name and version, for evidence and bug reports.
    public static var version: String { String(cString: OpenSSL_version(OPENSSL_VERSION)) }

    /// Checks everything that Lethe needs from OpenSSL with published answers. A program calls it once, before any other work.
    ///
    /// Hashing, signing and drawing random bytes cannot fail on any input, so they are not throwing functions; what can fail is the
    /// installation (a provider switched off by configuration), and that is found here.
    /// - Throws: `.unavailable(what:)`. The machine is to blame, not the input.
    public static func check() throws(CryptographyLibraryError) {
        guard SHA256Hasher.isAvailable, Digest(sha256: Array("abc".utf8)).hex == abcDigest else {
            throw .unavailable(what: "SHA-256")
        }
        guard
            authenticationCode(key: Array("Jefe".utf8), message: Array("what do ya want for nothing?".utf8))?.hex
                == jefeCode
        else { throw .unavailable(what: "HMAC-SHA-256") }
        guard RAND_status() == 1 else { throw .unavailable(what: "a seeded random generator") }
        guard let seed = try? Hex.decode(rfc8032Seed), let key = KeyHandle(seed: seed),
            let signature = key.signature(of: []),
            Hex.encode(signature) == rfc8032Signature, key.verify(signature: signature, message: []),
            !key.verify(signature: signature, message: [0])
        else { throw .unavailable(what: "Ed25519") }
        let secret = [UInt8](repeating: 7, count: AESGCM.keyByteCount)
        guard let box = try? AESGCM.seal([1, 2, 3], key: secret), (try? AESGCM.open(box, key: secret)) == [1, 2, 3]
        else {
            throw .unavailable(what: "AES-256-GCM")
        }
    }

    /// Ends the process when OpenSSL breaks down after `check` passed (no memory, no entropy): there is no safe way to go on.
    static func stop(_ what: String) -> Never {
        let message = Array("lethe: OpenSSL failed: \(what)\n".utf8)
        _ = write(STDERR_FILENO, message, message.count)
        abort()
    }

    // FIPS 180-4; RFC 4231 case 2; RFC 8032 section 7.1 test 1.
    private static let abcDigest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    private static let jefeCode = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    private static let rfc8032Seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"
    private static let rfc8032Signature =
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        + "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
}

/// Why this machine cannot do cryptography.
public enum CryptographyLibraryError: Error, Equatable, CustomStringConvertible {
    /// OpenSSL does not offer it, or gives wrong answers.
    case unavailable(what: String)

    /// One line that says where to look.
    public var description: String {
        switch self {
        case .unavailable(let what):
            "OpenSSL offers no working \(what): check its configuration (openssl list -providers; OPENSSL_CONF)"
        }
    }
}
