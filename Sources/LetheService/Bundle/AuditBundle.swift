import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheStatements

/// One certificate and everything that it rests on, laid out so that `sh`, `openssl` and `sha256sum` can check it: each signed message,
/// signature and tree node is a raw file of its own.
struct AuditBundle {
    /// A statement in the log.
    struct Entry {
        /// The beginning of its files' names.
        let name: String
        let envelope: DSSEEnvelope
        let signer: VerifyingKey
        let proof: TransparencyProof
    }

    /// The certificate, the forgetting test and the receipt of the request; their proofs end in one checkpoint.
    let entries: [Entry]
    /// The checkpoint with the keys of its signature lines, in their order.
    let checkpoint: SignedNote
    let signers: [VerifiedNoteSignature]
    /// RFC 3161 timestamps of the checkpoint.
    let timestamps: [Timestamped]
    /// What `lethe replay` reads besides; none where that was not asked for.
    var replay: [(name: String, bytes: [UInt8])] = []

    /// A timestamp response, DER, and the certificate that is trusted under which it verifies; nil where none is.
    struct Timestamped {
        let response: [UInt8]
        let authority: TimestampAuthority?
    }

    /// The script that checks a bundle.
    static var script: [UInt8] { PackageResources.verify_sh }

    /// The files by name.
    var files: [(name: String, bytes: [UInt8])] {
        var files = entries.flatMap(Self.files) + checkpointFiles + replay
        files.append(("README.txt", Array(readme.utf8)))
        files.append(("verify.sh", Self.script))
        files.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let manifest = files.map { "\(Digest(sha256: $0.bytes).hex)  \($0.name)\n" }.joined()
        return files + [("SHA256SUMS", Array(manifest.utf8))]
    }

    private static func files(_ entry: Entry) -> [(name: String, bytes: [UInt8])] {
        let envelope = entry.envelope
        let message = DSSEEnvelope.preAuthenticationEncoding(type: envelope.payloadType, payload: envelope.payload)
        return [
            ("\(entry.name).dsse.json", envelope.canonicalBytes), ("\(entry.name).pae", message),
            ("\(entry.name).sig", envelope.signatures[0].bytes), ("\(entry.name).pem", Array(entry.signer.pem.utf8)),
            ("\(entry.name).tlog-proof", Array(entry.proof.text.utf8)),
        ]
            + entry.proof.path.enumerated().map { level, node in
                ("\(entry.name).node-\(level / 10)\(level % 10).bin", node.bytes)
            }
    }

    private var checkpointFiles: [(name: String, bytes: [UInt8])] {
        var files = [("checkpoint.txt", Array(checkpoint.text.utf8)), ("checkpoint.note", checkpoint.bytes)]
        for (index, (signature, signer)) in zip(checkpoint.signatures, signers).enumerated() {
            let number = index + 1
            files.append(("checkpoint.key-\(number).pem", Array(signer.verifier.key.pem.utf8)))
            if let seconds = signer.cosignedAt {
                let message = "cosignature/v1\ntime \(seconds)\n" + checkpoint.text
                files.append(("checkpoint.cosigned-\(number)", Array(message.utf8)))
                files.append(("checkpoint.sig-\(number)", Array(signature.bytes.dropFirst(8))))
            } else {
                files.append(("checkpoint.sig-\(number)", signature.bytes))
            }
        }
        for (index, timestamp) in timestamps.enumerated() {
            files.append(("checkpoint.tsr-\(index + 1)", timestamp.response))
            if let authority = timestamp.authority { files.append(("checkpoint.tsa-\(index + 1).pem", authority.pem)) }
        }
        return files
    }

    private var replayText: String {
        replay.isEmpty
            ? ""
            : """
            replay.json      the run's steps in the log, for lethe replay --bundle, which holds them and these files to the log:
            policy.yaml      the policy; trajectory*.json: SHA-256 of what learned, every hundredth step

            """
    }

    private var readme: String {
        """
        One unlearning certificate of the log \(checkpoint.text.prefix { $0 != "\n" }), with everything that it rests on.

        Check it:  sh verify.sh                 the keys are then those of this folder: compare their fingerprints yourself
                   sh verify.sh . KEYS          with a folder of public keys from somebody you trust
                                                (controller*.pem, verifier*.pem, log*.pem, witness*.pem)
                                                and certificates of timestamp authorities (tsa*.pem)

        It needs sh, cat, openssl 3.0 or newer and sha256sum. It prints what it checked and what it did not. Take verify.sh from a release
        of Lethe or read it: a script that comes from the party that is audited proves nothing.

        certificate.*    the certificate: what was asked, done, measured, and which model resulted
        test.*           the forgetting test, signed by another key; the certificate names it by its SHA-256
        request.*        the receipt of the request, as the log has it: commitments, no personal data
          .dsse.json     the log entry: a DSSE envelope over an in-toto statement
          .pae  .sig     what was signed (DSSE's pre-authentication encoding), and the signature
          .pem           the public key
          .tlog-proof    the place of the entry in the log (C2SP tlog-proof); .node-NN.bin are its hashes, leaf's sibling first
        checkpoint.*     the tree head that the proofs end in: text, signed note, and per signature line key and signature;
                         where it was stamped: .tsr-K the RFC 3161 response, .tsa-K.pem the authority's certificate or its issuer's
        \(replayText)SHA256SUMS       for accidents; forgeries are what the signatures are for

        By hand:  openssl pkeyutl -verify -pubin -inkey certificate.pem -rawin -in certificate.pae -sigfile certificate.sig
                  { printf '\\000'; cat certificate.dsse.json; } | sha256sum                      the leaf's hash
                  openssl pkeyutl -verify -pubin -inkey checkpoint.key-1.pem -rawin -in checkpoint.txt -sigfile checkpoint.sig-1

        """
    }
}
