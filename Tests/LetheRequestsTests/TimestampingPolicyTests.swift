import LetheBytes
import LetheCrypto
import Testing

@testable import LetheRequests

struct TimestampingPolicyTests {
    private static let digest = String(repeating: "ab", count: 32)
    private static func authority(
        name: String = "first-tsa", url: String = "https://tsa.example/", certificate: String = digest
    ) -> String { "    - {name: \(name), url: \"\(url)\", certificate: \"\(certificate)\"}\n" }

    private func policy(_ section: String) throws -> Policy { try Policy(yaml: fixturePolicyText() + section) }

    @Test func theSectionIsReadHashedAndExplained() throws {
        let plain = try fixturePolicy()
        #expect(plain.timestamping == nil)
        let authorities = Self.authority() + Self.authority(name: "second")
        let one = try policy("timestamping:\n  minimum: 1\n  authorities:\n" + authorities)
        let two = try policy("timestamping:\n  minimum: 2\n  authorities:\n" + authorities)
        #expect(one.timestamping?.minimum == 1 && one.timestamping?.authorities.map(\.name) == ["first-tsa", "second"])
        #expect(one.timestamping?.authorities[0].certificate.hex == Self.digest)
        #expect(Set([plain.digest, one.digest, two.digest]).count == 3)
        #expect(two.explanation.last?.contains("at least 2 of first-tsa (https://tsa.example/)") == true)
    }

    @Test(arguments: [
        ("timestamping: {}\n", "authorities"), ("timestamping: 1\n", "timestamping"),
        ("timestamping:\n  minimum: 1\n  authorities: []\n", "timestamping.authorities"),
        ("timestamping:\n  minimum: 1\n  authorities: x\n", "timestamping.authorities"),
        ("timestamping:\n  minimum: 1\n  authorities: [x]\n", "timestamping.authorities"),
        ("timestamping:\n  authorities:\n" + authority(), "timestamping.minimum"),
        ("timestamping:\n  minimum: 0\n  authorities:\n" + authority(), "timestamping.minimum"),
        ("timestamping:\n  minimum: 2\n  authorities:\n" + authority(), "timestamping.minimum"),
        ("timestamping:\n  minimum: 1\n  authorities:\n" + authority() + authority(), "timestamping.authorities"),
        ("timestamping:\n  minimum: 1\n  authorities:\n" + authority(name: "A B"), "timestamping.authorities.name"),
        ("timestamping:\n  minimum: 1\n  authorities:\n" + authority(url: "ftp://x"), "timestamping.authorities.url"),
        ("timestamping:\n  minimum: 1\n  authorities:\n" + authority(url: "https://"), "timestamping.authorities.url"),
        (
            "timestamping:\n  minimum: 1\n  authorities:\n" + authority(url: "https://a b"),
            "timestamping.authorities.url"
        ),
        (
            "timestamping:\n  minimum: 1\n  authorities:\n" + authority(certificate: "ab"),
            "timestamping.authorities.certificate"
        ),
        (
            "timestamping:\n  minimum: 1\n  authorities:\n    - {name: a, url: \"https://x\"}\n",
            "timestamping.authorities.certificate"
        ),
        (
            "timestamping:\n  minimum: 1\n  more: 1\n  authorities:\n" + authority(), "timestamping.more"
        ),
    ])
    func whatDoesNotFitIsNamedByItsField(section: String, field: String) throws {
        let error = #expect(throws: PolicyError.self) { try policy(section) }
        #expect(error?.field.contains(field) == true && error?.line != nil, "\(String(describing: error))")
    }
}
