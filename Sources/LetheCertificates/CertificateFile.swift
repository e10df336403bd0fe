public import LetheBytes
import LetheCrypto
public import LetheLog
public import LetheStatements

// Invariants of this file:
// 1. A certificate file is one byte string: JCS of {certificate, mediaType, proof, testResult} and one newline. Every other spelling is
//    refused, so no byte of it can change without notice: each is either fixed by this form, signed, hashed or part of a proof.
// 2. What is verified is what is handed on: the envelopes are re-serialised from their parsed members and compared as bytes.

/// Everything needed to verify one certificate offline, in one file.
public struct CertificateFile: Sendable, Equatable {
    /// The only accepted `mediaType`.
    public static let mediaType = "application/vnd.lethe.certificate.v1+json"
    /// The customary ending of a file's name.
    public static let fileExtension = "lethe-certificate.json"
    /// Files above this size are refused unread.
    public static let maximumByteCount = 256 * 1024

    /// The controller's statement: the entry of the log.
    public let certificate: DSSEEnvelope
    /// The verifier's statement: the forgetting test.
    public let testResult: DSSEEnvelope
    /// The place of the certificate in the log, with a signed checkpoint.
    public let proof: TransparencyProof

    /// Puts the parts together; `CertificateVerifier` judges them.
    public init(certificate: DSSEEnvelope, testResult: DSSEEnvelope, proof: TransparencyProof) {
        self.certificate = certificate
        self.testResult = testResult
        self.proof = proof
    }

    /// The file, byte for byte.
    ///
    /// - Throws: `JSONError`, never for parts that were parsed or signed by these modules.
    public func bytes() throws(JSONError) -> [UInt8] {
        let json: JSONValue = [
            "mediaType": .string(Self.mediaType), "certificate": certificate.json, "testResult": testResult.json,
            "proof": .string(proof.text),
        ]
        return try json.canonicalBytes() + [UInt8(ascii: "\n")]
    }

    /// Reads a file; nothing is verified yet.
    ///
    /// - Throws: `.tooLarge`, `.notJSON`, `.field`, `.envelope`, `.proofFormat`, and `.notCanonical` for any
    ///   spelling but the canonical one.
    public init(parsing bytes: [UInt8]) throws(CertificateError) {
        guard bytes.count <= Self.maximumByteCount else {
            throw .tooLarge(limit: Self.maximumByteCount, found: bytes.count)
        }
        let fields: JSONFields
        do {
            fields = JSONFields(try StrictJSON.parse(bytes, maximumDepth: 4))
        } catch {
            throw .notJSON(error)
        }
        let (certificate, testResult, proof): (JSONFields, JSONFields, String)
        do throws(FieldError) {
            let mediaType = try fields.member("mediaType").string()
            guard Array(mediaType.utf8) == Array(Self.mediaType.utf8) else {
                throw .invalid(path: "mediaType", expected: Printable.quoted(Self.mediaType), found: mediaType)
            }
            try fields.requireExactly(["mediaType", "certificate", "testResult", "proof"])
            certificate = try fields.member("certificate")
            testResult = try fields.member("testResult")
            proof = try fields.member("proof").string()
        } catch {
            throw .field(error)
        }
        do {
            self.certificate = try DSSEEnvelope(json: certificate)
            self.testResult = try DSSEEnvelope(json: testResult)
        } catch {
            throw .envelope(error)
        }
        do {
            self.proof = try TransparencyProof(parsing: proof)
        } catch {
            throw .proofFormat(error)
        }
        let canonical: [UInt8]
        do {
            canonical = try self.bytes()
        } catch {
            throw .notJSON(error)
        }
        guard canonical == bytes else { throw .notCanonical(offset: firstDifference(canonical, bytes)) }
    }
}
