import LetheBytes
import LetheCrypto
import Testing

@testable import LetheRequests

struct RecipientPolicyTests {
    private static let section = """
        recipients:
          giveUpDays: 3
          list:
            - {name: crm, url: "https://crm.example/erasure"}
            - {name: press, outcome: disproportionate-effort, reason: "printed catalogues of 2019"}
            - {name: old-shop, outcome: impossible, reason: "the company no longer exists"}
        backups:
          - {system: nightly, purgeDays: 35}
          - {system: tapes, purgeDays: 400}
        retained:
          - {category: invoices, ground: gdpr-17.3.b, days: 3650}
          - {category: lawsuit, ground: gdpr-17.3.e, days: none}

        """

    private func policy(_ section: String) throws -> Policy { try Policy(yaml: fixturePolicyText() + section) }

    @Test func theSectionsAreReadHashedAndExplained() throws {
        let plain = try fixturePolicy()
        #expect(
            plain.recipients == nil && plain.backups.isEmpty && plain.retained.isEmpty
                && plain.retention.tombstoneDays == nil)
        let text = String(decoding: plain.canonicalBytes, as: UTF8.self)
        #expect(
            !text.contains("recipients") && !text.contains("backups") && !text.contains("retained")
                && !text.contains("tombstoneDays"))

        let policy = try policy(Self.section)
        let recipients = try #require(policy.recipients)
        #expect(recipients.attempts == 3 && recipients.backoffSeconds == 2 && recipients.giveUpDays == 3)
        #expect(recipients.list.map(\.name) == ["crm", "press", "old-shop"])
        #expect(recipients.list[0].duty == .tell(url: "https://crm.example/erasure"))
        #expect(recipients.list[1].duty == .exempt(.disproportionateEffort, reason: "printed catalogues of 2019"))
        #expect(policy.backups.map(\.purgeDays) == [35, 400])
        #expect(policy.retained.map(\.days) == [3650, nil])
        #expect(policy.retained.map(\.ground) == [.legalObligation, .legalClaims])
        #expect(policy.explanation.contains { $0.contains("invoices, on GDPR Art. 17(3)(b), for 3650 days more") })
        let variants = try [
            Self.section, Self.section.replacing("35", with: "36"), Self.section.replacing("3650", with: "3651"),
            Self.section.replacing("17.3.e", with: "17.3.d"),
            Self.section.replacing("giveUpDays: 3", with: "giveUpDays: 4"),
            Self.section.replacing("crm.example", with: "crm2.example"), Self.section.replacing("2019", with: "2020"),
            Self.section.replacing("  giveUpDays: 3", with: "  giveUpDays: 3\n  attempts: 4"),
        ].map { try self.policy($0).digest }
        #expect(Set(variants + [plain.digest]).count == variants.count + 1)
        // A default is part of the digest as if it were written.
        #expect(
            try self.policy(Self.section.replacing("  giveUpDays: 3", with: "  giveUpDays: 3\n  attempts: 3")).digest
                == policy.digest)

        let explained = policy.explanation.joined(separator: "\n")
        for needle in [
            "3 recipients of the data must be told (Art. 19)", "given up 3 days after the verdict",
            "crm: a signed notice to https://crm.example/erasure",
            "disproportionate effort: printed catalogues of 2019",
            "impossible: the company no longer exists", "Backup nightly holds the data for at most 35 days more",
        ] { #expect(explained.contains(needle), "\(needle)") }
    }

    @Test func theListOfRowsIsKeptForAsManyDaysAsThePolicySays() throws {
        let text = try fixturePolicyText()
        let field = "shredAfterFulfilment: true"
        let kept = try Policy(yaml: text.replacing(field, with: field + "\n  tombstoneDays: 30"))
        #expect(try kept.retention.tombstoneDays == 30 && kept.digest != fixturePolicy().digest)
        #expect(kept.explanation.contains { $0.contains("sealed, for 30 days") })
        for days in ["0", "366", "none", "\"30\""] {
            let error = #expect(throws: PolicyError.self) {
                try Policy(yaml: text.replacing(field, with: field + "\n  tombstoneDays: \(days)"))
            }
            #expect(error?.field == "retention.tombstoneDays" && error?.line != nil)
        }
    }

    @Test(arguments: [
        ("recipients: 1\n", "recipients"), ("recipients: {}\n", "list"),
        ("recipients:\n  list: []\n", "recipients.list"),
        ("recipients:\n  attempts: 0\n  list: [{name: a, url: \"https://x\"}]\n", "recipients.attempts"),
        ("recipients:\n  attempts: 11\n  list: [{name: a, url: \"https://x\"}]\n", "recipients.attempts"),
        ("recipients:\n  backoffSeconds: 61\n  list: [{name: a, url: \"https://x\"}]\n", "recipients.backoffSeconds"),
        ("recipients:\n  giveUpDays: 31\n  list: [{name: a, url: \"https://x\"}]\n", "recipients.giveUpDays"),
        ("recipients:\n  more: 1\n  list: [{name: a, url: \"https://x\"}]\n", "recipients.more"),
        ("recipients:\n  list: [{name: A, url: \"https://x\"}]\n", "recipients.list.name"),
        ("recipients:\n  list: [{name: a, url: \"https://x\"}, {name: a, url: \"https://y\"}]\n", "recipients.list"),
        ("recipients:\n  list: [{name: a}]\n", "recipients.list.url"),
        ("recipients:\n  list: [{name: a, url: \"ftp://x\"}]\n", "recipients.list.url"),
        ("recipients:\n  list: [{name: a, url: \"http://crm.example/\"}]\n", "recipients.list.url"),
        ("recipients:\n  list: [{name: a, url: \"http://127.0.0.1.evil.example/\"}]\n", "recipients.list.url"),
        ("recipients:\n  list: [{name: a, url: \"http://localhost@evil.example/\"}]\n", "recipients.list.url"),
        ("recipients:\n  list: [{name: a, url: \"https://me:secret@crm.example/\"}]\n", "recipients.list.url"),
        ("recipients:\n  list: [{name: a, url: \"http://[::1].evil.example/\"}]\n", "recipients.list.url"),
        ("recipients:\n  list: [{name: a, url: \"https:///path\"}]\n", "recipients.list.url"),
        ("recipients:\n  list: [{name: a, outcome: lazy, reason: x}]\n", "recipients.list.outcome"),
        ("recipients:\n  list: [{name: a, outcome: impossible}]\n", "recipients.list.reason"),
        (
            "recipients:\n  list: [{name: a, url: \"https://x\", outcome: impossible, reason: x}]\n",
            "recipients.list.outcome"
        ),
        ("backups: 1\n", "backups"), ("backups: []\n", "backups"), ("backups: [{system: a}]\n", "backups.purgeDays"),
        ("backups: [{system: a, purgeDays: 0}]\n", "backups.purgeDays"),
        ("backups: [{system: a b, purgeDays: 1}]\n", "backups.system"),
        ("backups: [{system: a, purgeDays: 1}, {system: a, purgeDays: 2}]\n", "backups"),
        ("backups: [{system: a, purgeDays: 1, more: 1}]\n", "backups.more"),
        ("retained: []\n", "retained"), ("retained: [{category: a, ground: gdpr-17.3.b}]\n", "retained.days"),
        ("retained: [{category: a, ground: gdpr-12.5, days: 1}]\n", "retained.ground"),
        ("retained: [{category: a, ground: law, days: 1}]\n", "retained.ground"),
        ("retained: [{category: a b, ground: gdpr-17.3.b, days: 1}]\n", "retained.category"),
        ("retained: [{category: a, ground: gdpr-17.3.b, days: 0}]\n", "retained.days"),
        ("retained: [{category: a, ground: gdpr-17.3.b, days: 1, until: 2}]\n", "retained.until"),
    ])
    func whatDoesNotFitIsNamedByItsField(section: String, field: String) throws {
        let error = #expect(throws: PolicyError.self) { try policy(section) }
        #expect(error?.field.contains(field) == true && error?.line != nil, "\(String(describing: error))")
        #expect(error?.description.contains("secret") == false)
    }

    @Test(arguments: [
        "http://127.0.0.1:8080/x", "http://localhost", "http://[::1]:9/", "http://LOCALHOST/x",
        "https://crm.example:8443/a?b=c",
        "https://[2001:db8::1]/",
    ])
    func personalDataGoOverTLSOrStayOnTheMachine(url: String) throws {
        let policy = try policy("recipients:\n  list: [{name: a, url: \"\(url)\"}]\n")
        #expect(policy.recipients?.list.first?.duty == .tell(url: url))
    }
}
