import LetheBytes
import LetheCrypto
import LetheRequests
import Testing

@testable import LetheStore

/// What holds a secret or a personal datum prints as its type's name, however it comes to be printed.
struct RedactionTests {
    @Test func nothingOfAPersonOrAKeyIsPrinted() throws {
        let ledger = try TestLedger()
        let (checked, key) = try ledger.request(1)
        let item = VaultItem(checked, key: key)
        let values: [Any] = [key, checked, checked.request, checked.request.subject, item, MasterKey.generate()]
        let secrets = [
            checked.request.subject.value, Hex.encode(key.bytes), "\(key.bytes)", "\(checked.rawBytes)",
            "\(checked.request.nonce)",
        ]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            dump([value, Optional.some(value) as Any], to: &dumped)
            for text in ["\(value)", String(reflecting: value), String(describing: [value]), dumped] {
                #expect(text.contains("redacted"))
                #expect(!secrets.contains { text.contains($0) }, "\(type(of: value))")
            }
        }
        #expect("\(SigningKey.generate())" == "SigningKey(redacted)")
    }
}
