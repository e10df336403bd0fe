import Foundation
import LetheBytes
import LetheCrypto
import LetheRecommendation
import Testing

/// A whole scenario through the real program, then a search of every byte that it left outside of the vault, the data and the requests.
struct NoPersonalDatumTests {
    /// Numbers that occur nowhere by accident: the people who ask are renamed to them in the data.
    private static let names = [1_827_190_455, 1_739_016_288, 1_651_827_340]

    /// All the spellings in which somebody could find a person again.
    private static func spellings(of name: String) -> [(what: String, bytes: [UInt8])] {
        var spellings: [(String, [UInt8])] = []
        let utf16 = Array(name.utf16)
        for (what, text) in [
            ("", name), ("type and ", "user-id:\(name)"), ("JSON of ", "{\"type\":\"user-id\",\"value\":\"\(name)\"}"),
        ] {
            let bytes = Array(text.utf8)
            spellings.append((what + "the name", bytes))
            spellings.append((what + "the name in hex", Array(Hex.encode(bytes).utf8)))
            spellings.append((what + "the name reversed", bytes.reversed()))
            let digest = Digest(sha256: bytes)
            spellings.append((what + "the name's SHA-256", digest.bytes))
            spellings.append((what + "the name's SHA-256 in hex", Array(digest.hex.utf8)))
            spellings.append((what + "the name's SHA-256 in capitals", Array(digest.hex.uppercased().utf8)))
            // In base64 a text has three looks, by where it begins within a group; the ends depend on the neighbours.
            for shift in 0..<3 {
                let encoded = Base64.encode([UInt8](repeating: 0x20, count: shift) + bytes)
                let first = shift == 0 ? 0 : shift + 1
                spellings.append(
                    (
                        what + "the name in base64",
                        Array(encoded.utf8.dropFirst(first).prefix(max(0, bytes.count * 4 / 3 - 3)))
                    ))
            }
        }
        spellings.append(("the name in UTF-16 LE", utf16.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }))
        spellings.append(("the name in UTF-16 BE", utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }))
        spellings.append(
            ("the name as an integer", withUnsafeBytes(of: UInt64(name)?.littleEndian ?? 0) { Array($0.prefix(5)) }))
        return spellings
    }

    /// The small data set, with three people under their distinctive names.
    private func writeData(to folder: TemporaryFolder) throws {
        try Tour.writeData(to: folder.path("data"))
        let people = try Array(Tour.trainingUsers(in: folder.path("data")).prefix(Self.names.count))
        for file in ["users.dat", "ratings.dat"] {
            let lines = String(decoding: try folder.bytes("data/\(file)"), as: UTF8.self).split(separator: "\n")
            let renamed = lines.map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                guard let user = Int(parts[0]), let place = people.firstIndex(of: user) else { return String(line) }
                return "\(Self.names[place]):\(parts[1])"
            }
            try folder.write(Array((renamed.joined(separator: "\n") + "\n").utf8), to: "data/\(file)")
        }
        try #require(try Set(Tour.trainingUsers(in: folder.path("data"))).isSuperset(of: Self.names))
    }

    @Test func nothingOutsideOfVaultAndRequestsNamesAnybody() throws {
        let folder = try TemporaryFolder()
        try writeData(to: folder)
        try folder.write(Array(Tour.policy.utf8), to: "policy.yaml")
        var said: [(command: String, text: String)] = []
        @discardableResult func lethe(_ arguments: [String]) throws -> Int32 {
            let result = try LetheCommand.run(arguments, in: folder)
            // What a command was told to print of its own arguments is not what the ledger gives away.
            said.append((arguments.joined(separator: " "), result.output + result.errors))
            return result.status
        }
        @discardableResult func lethe(_ arguments: String...) throws -> Int32 { try lethe(arguments) }
        let desk = "--workspace=desk"
        #expect(
            try lethe("init", desk, "--policy", "policy.yaml", "--data", "data", "--origin", "quiet.example/log") == 0)
        try #require(try lethe("model", "pretrain", desk) == 0)
        #expect(try lethe("model", "train", desk) == 0)
        try Files.createFolder(folder.path("requests"))
        for (number, name) in Self.names.enumerated() {
            let file = "requests/\(number).json"
            #expect(
                try lethe(
                    "request", "sign", desk, "--subject", "\(name)", "--key", "desk/keys/portal.pem", "--output", file)
                    == 0)
            #expect(try lethe("request", "submit", file, desk) == 0)
        }
        // Errors, provoked with every person's name at hand.
        #expect(try lethe("request", "submit", "requests/0.json", desk) == 2, "a replay")
        var damaged = try folder.bytes("requests/1.json")
        damaged[damaged.count / 2] ^= 0x01
        try folder.write(damaged, to: "requests/damaged.json")
        #expect(try lethe("request", "submit", "requests/damaged.json", desk) == 2)
        _ = try LetheCommand.run("key", "generate", "--output", "forger.pem", in: folder)
        for (file, options) in [
            ("forged", ["--key", "forger.pem"]),
            ("elsewhere", ["--key", "desk/keys/portal.pem", "--audience", "b.example/log"]),
        ] {
            _ = try LetheCommand.run(
                ["request", "sign", desk, "--subject", "\(Self.names[2])", "--output", "requests/\(file).json"]
                    + options, in: folder)
            #expect(try lethe("request", "submit", "requests/\(file).json", desk) == 2)
        }
        _ = try LetheCommand.run(
            [
                "request", "sign", desk, "--subject", "\(Self.names[0])0", "--key", "desk/keys/portal.pem", "--output",
                "requests/unknown.json",
            ],
            in: folder)
        #expect(try lethe("request", "submit", "requests/unknown.json", desk) == 2)
        #expect(try lethe("request", "show", "\(Self.names[0])", desk) == 2)

        #expect(try [0, 1].contains(lethe("run", desk)))
        try lethe("request", "list", desk)
        try lethe("certificate", "list", desk, "--json")
        for number in 1...Self.names.count {
            #expect(try lethe("certificate", "show", "\(number)", desk) == 0)
            // The second has what a stranger needs to repeat the run, but for whose records it removed.
            let extra = number == 2 ? ["--replay"] : []
            #expect(
                try lethe(["certificate", "bundle", "\(number)", desk, "--output", "bundle-\(number)"] + extra) == 0)
        }
        #expect(try lethe("report", desk, "--output", "reports") == 0)
        #expect(try lethe("log", "export", desk, "--output", "export") == 0)
        #expect(try lethe("key", "rotate", "controller", desk) == 0)
        #expect(try lethe("log", "audit", desk, "--json") == 0)
        #expect(try lethe("log", "prove", "0", desk) == 0)
        #expect(try lethe("log", "checkpoint", desk) == 0)
        #expect(try lethe("log", "backup", desk, "--output", "backup.sqlite") == 0)
        // A restore that is refused, and one that is made, say what they found; what was there is kept beside the new ledger.
        #expect(try lethe("log", "restore", "backup.sqlite", desk) == 2)
        try Files.write([], to: folder.path("desk/ledger.sqlite"))
        for suffix in ["-wal", "-shm"] where folder.has("desk/ledger.sqlite" + suffix) {
            try Files.remove(folder.path("desk/ledger.sqlite" + suffix))
        }
        try lethe("log", "audit", desk)
        #expect(try lethe("log", "restore", "backup.sqlite", desk) == 0)
        for command in [["request", "list"], ["certificate", "list"], ["key", "list"]] {
            #expect(try lethe(command + [desk]) == 0)
            #expect(try lethe(command + [desk, "--json"]) == 0)
        }
        for request in try LetheCommand.run("request", "list", desk, "--json", in: folder).json().arrayValue ?? [] {
            for form in [[], ["--json"]] {
                #expect(try lethe(["request", "show", request["requestId"]?.stringValue ?? "", desk] + form) == 0)
            }
        }
        for file in try Files.names(in: folder.path("desk/certificates")) {
            #expect(
                try lethe("certificate", "verify", "desk/certificates/\(file)", "--trust", "desk/trust.txt", "--json")
                    == 0)
        }
        if BundleTools.exist {
            let checked = try BundleTools(in: folder, bundle: "bundle-1").verify("bundle-1")
            #expect(checked.status == 0, "\(checked.errors)")
            said.append(("verify.sh", checked.output + checked.errors))
        }

        // Lists, figures and plans; refusals at another door; what is left of a request whose personal data is destroyed.
        for form in ["text", "json", "csv"] {
            #expect(try lethe("request", "list", desk, "--format", form) == 0)
            #expect(try lethe("request", "statistics", desk, "--format", form) == 0)
        }
        #expect(try lethe("request", "list", desk, "--due-within", "400") == 0)
        #expect(try lethe("run", desk, "--plan") == 0)
        let access =
            #"{"regulation":"gdpr","subject_request_id":"a7551968-d5d6-44b2-9831-815ac9017798","subject_request_type":"#
            + #""access","submitted_time":"2020-01-02T03:04:05Z","subject_identities":[{"identity_type":"#
            + #""controller_customer_id","identity_value":"\#(Self.names[1])","identity_format":"raw"}]}"#
        try folder.write(Array(access.utf8), to: "requests/access.json")
        #expect(try lethe("request", "submit", "requests/access.json", desk, "--format", "opendsr") == 2)
        let first = try #require(
            LetheCommand.run("request", "list", desk, "--json", in: folder).json().arrayValue?.first)
        let id = try #require(first["requestId"]?.stringValue)
        if first["shreddedEntry"] == nil {
            #expect(try folder.linksRequests(to: "\(Self.names[0])"), "the search for links finds one")
            // A receipt that opens its commitments is its person's own; `requests` is where such things are.
            #expect(try lethe("request", "receipt", id, desk, "--output", "requests/receipt.json") == 0)
            #expect(try lethe("request", "deny", id, desk, "--ground", "gdpr-17.3.e") == 0)
            #expect(try lethe("request", "shred", id, desk) == 0)
        }
        #expect(try lethe("request", "receipt", id, desk, "--output", "receipt-after.json") == 0)
        #expect(try lethe("request", "verify", "receipt-after.json", "--trust", "desk/trust.txt") == 0)
        #expect(try lethe("log", "backup", desk, "--output", "backup-after.sqlite") == 0)
        #expect(try !folder.linksRequests(to: "\(Self.names[0])"), "shredding leaves nothing that links a request")

        // Everything that was written, but for the people's own data and requests. The vault is in the database, under its keys.
        var searched: [(place: String, bytes: [UInt8])] = said.compactMap { said in
            let isEcho = said.command.hasPrefix("request show \(Self.names[0])")
            return isEcho ? nil : ("what `lethe \(said.command)` said", Array(said.text.utf8))
        }
        for name in try folder.names().sorted()
        where !name.hasPrefix("data") && !name.hasPrefix("requests") && Files.kind(folder.path(name)) == .file {
            searched.append((name, try folder.bytes(name)))
        }
        for suffix in ["-wal", "-shm"] {
            for database in ["desk/ledger.sqlite", "backup.sqlite", "backup-after.sqlite"]
            where folder.has(database + suffix) {
                searched.append((database + suffix, try folder.bytes(database + suffix)))
            }
        }
        for kind in [
            "bundle-1/", "bundle-2/", "bundle-2/replay.json", "bundle-2/policy.yaml", "bundle-2/trajectory.json",
            "bundle-3/",
            "export/checkpoint", "export/tile/entries/", "export/tile/0/",
            "reports/",
            "backup.sqlite", "backup-after.sqlite", "receipt-after.json", "desk/refusals/", "desk/certificates/",
            "what `lethe request statistics", "what `lethe request submit requests/access.json", "desk/runs/",
            "desk/ledger.sqlite", "what `lethe request show",
            "what `lethe log restore", "what `lethe key list", "what `lethe certificate verify",
            "what `lethe verify.sh",
        ] where kind != "what `lethe verify.sh" || BundleTools.exist {
            #expect(searched.contains { $0.place.hasPrefix(kind) }, "\(kind) was searched")
        }
        for name in Self.names {
            for spelling in Self.spellings(of: "\(name)") {
                for (place, bytes) in searched {
                    #expect(
                        Data(bytes).range(of: Data(spelling.bytes)) == nil, "\(spelling.what) of a person in \(place)")
                }
            }
        }
    }

    /// The search itself finds what it looks for.
    @Test func theSearchWouldFindAName() {
        let name = "\(Self.names[0])"
        for shift in 0..<6 {
            let text = String(repeating: "x", count: shift) + "{\"value\":\"\(name)\"}"
            let encoded = Data(Base64.encode(Array(text.utf8)).utf8)
            #expect(
                Self.spellings(of: name).contains {
                    $0.what.contains("base64") && encoded.range(of: Data($0.bytes)) != nil
                },
                "shift \(shift)")
        }
        #expect(Self.spellings(of: name).allSatisfy { $0.bytes.count >= 5 })
    }
}

extension TemporaryFolder {
    /// Whether the ledger as it is now, or the backup that was made last, has the tag that links a person's requests: only the master key
    /// makes it, so that no search for the name could find it.
    fileprivate func linksRequests(to name: String) throws -> Bool {
        let master = try Hex.decode(String(decoding: bytes("desk/keys/vault.key").dropLast(), as: UTF8.self))
        let key = hmacSHA256(key: master, message: Array("unlearn-ledger/subject-tag/v1".utf8)).bytes
        let tag = Data(hmacSHA256(key: key, message: Array("user-id\u{0}\(name)".utf8)).hex.utf8)
        return try ["desk/ledger.sqlite", "desk/ledger.sqlite-wal", "desk/ledger.sqlite-shm", "backup-after.sqlite"]
            .contains { try has($0) && Data(bytes($0)).range(of: tag) != nil }
    }
}
