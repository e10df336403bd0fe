import COpenSSL
import LetheBytes

/// Streaming SHA-256 over OpenSSL.
///
/// A hasher belongs to one task at a time: it is a class because it owns a C context, and it is not `Sendable`.
public final class SHA256Hasher {
    /// Owned by this object, freed in `deinit`.
    private let context: OpaquePointer

    /// The fetched algorithm, kept until the process ends: an implicit fetch would cost more than hashing a Merkle node.
    ///
    /// `@unchecked Sendable`: the pointer never changes, the algorithm is read-only, and OpenSSL counts its references atomically.
    private final class Algorithm: @unchecked Sendable {
        static let shared = Algorithm()
        let pointer = EVP_MD_fetch(nil, "SHA256", nil)
    }

    /// Whether this installation of OpenSSL offers SHA-256.
    static var isAvailable: Bool { Algorithm.shared.pointer != nil }

    /// Creates a hasher of the empty message.
    public init() {
        guard let context = EVP_MD_CTX_new() else { CryptographyLibrary.stop("out of memory") }
        self.context = context
        Self.require(EVP_DigestInit_ex(context, Algorithm.shared.pointer, nil))
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    /// Appends `bytes` to the message.
    public func update(_ bytes: some Collection<UInt8>) {
        let contiguous: Void? = bytes.withContiguousStorageIfAvailable { update(UnsafeRawBufferPointer($0)) }
        if contiguous == nil {
            Array(bytes).withUnsafeBytes { update($0) }
        }
    }

    /// Appends the bytes of `buffer` to the message.
    public func update(_ buffer: UnsafeRawBufferPointer) {
        guard let base = buffer.baseAddress, buffer.count > 0 else { return }
        Self.require(EVP_DigestUpdate(context, base, buffer.count))
    }

    /// The digest of everything appended so far; more may be appended afterwards.
    public func finalize() -> Digest {
        guard let copy = EVP_MD_CTX_new() else { CryptographyLibrary.stop("out of memory") }
        defer { EVP_MD_CTX_free(copy) }
        Self.require(EVP_MD_CTX_copy_ex(copy, context))
        return Digest(writing: { Self.require(EVP_DigestFinal_ex(copy, $0, nil)) })
    }

    /// The digest of one message.
    static func digest(of message: some Collection<UInt8>) -> Digest {
        func hash(_ buffer: UnsafeBufferPointer<UInt8>) -> Digest {
            Digest(writing: {
                require(EVP_Digest(buffer.baseAddress, buffer.count, $0, nil, Algorithm.shared.pointer, nil))
            })
        }
        return message.withContiguousStorageIfAvailable(hash) ?? Array(message).withUnsafeBufferPointer(hash)
    }

    /// SHA-256 cannot fail on any input; a failure means that memory is gone or the provider is broken, so the process stops.
    private static func require(_ status: Int32) {
        guard status == 1 else { CryptographyLibrary.stop("SHA-256") }
    }
}
