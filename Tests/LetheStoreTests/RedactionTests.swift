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

    @Test(arguments: [0o640, 0o604, 0o644, 0o660, 0o700 | 0o010, 0o777] as [UInt16])
    func aVaultKeyThatOthersMayReadIsRefused(mode: UInt16) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/vault.key"
        _ = try MasterKey.create(path)
        _ = try MasterKey.load(path)
        let bytes = try Files.read(path, limit: 1_024)
        try Files.write(bytes, to: path, permissions: mode)
        let error = #expect(throws: StoreError.self) { try MasterKey.load(path) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains(path) && !text.contains(String(decoding: bytes.prefix(8), as: UTF8.self)), "\(text)")
    }
}
