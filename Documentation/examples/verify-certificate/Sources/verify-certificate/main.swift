// An auditor's own tool: verifies certificates with a trust file and prints what was, and what was not, checked.
// It links OpenSSL and zlib, nothing else of Lethe's.

import Foundation
import LetheCertificates

guard CommandLine.arguments.count >= 3 else {
    print("usage: verify-certificate TRUSTFILE CERTIFICATE…")
    exit(2)
}
do {
    let trust = try TrustFile(parsing: String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8))
    let files = try CommandLine.arguments.dropFirst(2).map {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: $0)))
    }
    for verified in try CertificateVerifier.verifyChain(files, trusting: trust) {
        print("\(verified.certificate.certificateID): \(verified.certificate.verification.verdict.rawValue)")
        for line in verified.checked { print("  checked      \(line)") }
        for line in verified.notChecked { print("  not checked  \(line)") }
    }
} catch let error as CertificateError {
    print("does not hold: \(error)")
    exit(1)
} catch {
    print("\(error)")
    exit(2)
}
