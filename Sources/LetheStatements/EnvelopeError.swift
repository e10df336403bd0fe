public import LetheBytes
import LetheCrypto

/// Why bytes are not a DSSE envelope that Lethe handles.
public enum EnvelopeError: Error, Equatable, CustomStringConvertible {
    /// Above the cap for log entries.
    case tooLarge(limit: Int, found: Int)
    /// Not strict JSON.
    case notJSON(JSONError)
    /// A member is missing, surplus or of another type.
    case field(FieldError)
    /// A member is not strict standard base64.
    case badBase64(path: String, TextEncodingError)
    /// An envelope without signatures proves nothing.
    case noSignatures
    /// More signatures than Lethe handles.
    case tooManySignatures(limit: Int, found: Int)
    /// An Ed25519 signature has 64 bytes.
    case wrongSignatureLength(path: String, expected: Int, found: Int)
    /// The same content in another spelling: the first byte that differs from the canonical form.
    case notCanonical(offset: Int)

    /// One line that names the field, expected and found.
    public var description: String {
        switch self {
        case .tooLarge(let limit, let found): "envelope: expected at most \(limit) bytes, found \(found)"
        case .notJSON(let error): "envelope: \(error)"
        case .field(let error): "envelope: \(error)"
        case .badBase64(let path, let error): "envelope: \(path): \(error)"
        case .noSignatures: "envelope: signatures: expected at least 1, found 0"
        case .tooManySignatures(let limit, let found):
            "envelope: signatures: expected at most \(limit), found \(found)"
        case .wrongSignatureLength(let path, let expected, let found):
            "envelope: \(path): expected a signature of \(expected) bytes, found \(found)"
        case .notCanonical(let offset):
            "envelope: not in canonical form, first difference at byte \(offset)"
        }
    }
}
