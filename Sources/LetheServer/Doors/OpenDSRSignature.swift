import LetheBytes
import LetheCrypto

extension Services {
    /// The header fields by which a receiver knows that bytes are this processor's (OpenDSR 7.3, 8.6): a signature over exactly these bytes
    /// with the certificate that discovery names. None where that door is shut.
    func opendsrSignature(over bytes: [UInt8]) -> [(name: String, value: String)] {
        guard let opendsrSigner else { return [] }
        return [
            ("X-OpenDSR-Processor-Domain", configuration.opendsrDomain ?? ""),
            ("X-OpenDSR-Signature", Base64.encode(opendsrSigner.sign(bytes))),
        ]
    }
}
