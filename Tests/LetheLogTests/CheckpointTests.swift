import LetheBytes
import LetheCrypto
import LetheLog
import Testing

struct CheckpointTests {
    private static let root = Base64.encode(Digest(sha256: []).bytes)

    @Test func aCheckpointSurvivesARoundTrip() throws {
        let checkpoint = try Checkpoint(origin: "lethe.example/acme", size: 7, rootHash: Digest(sha256: []))
        #expect(checkpoint.text == "lethe.example/acme\n7\n\(Self.root)\n")
        #expect(try Checkpoint(parsing: checkpoint.text) == checkpoint)
    }

    @Test func foreignExtensionLinesAreKeptByteForByte() throws {
        let text = "o\n18446744073709551615\n\(Self.root)\nextension line\nétendue\n"
        let checkpoint = try Checkpoint(parsing: text)
        #expect(checkpoint.extensionLines == ["extension line", "étendue"])
        #expect(checkpoint.size == .max && checkpoint.text == text)
    }

    @Test(arguments: ["", "a b", "a+b", "a\tb", "a\nb", "a\u{a0}b", "a\u{7f}"])
    func namesThatNoKeyCanHaveAreRefused(origin: String) {
        #expect(throws: CheckpointError.invalidOrigin(found: origin)) {
            try Checkpoint(origin: origin, size: 0, rootHash: Digest(sha256: []))
        }
    }

    @Test(arguments: [
        "", "\n", "o", "o\n", "o\n1\n", "o\n1\n\(root)", "\n1\n\(root)\n", "o\n\n\(root)\n", "o\n01\n\(root)\n",
        "o\n-1\n\(root)\n",
        "o\n+1\n\(root)\n", "o\n1 \n\(root)\n", "o\n 1\n\(root)\n", "o\n0x1\n\(root)\n", "o\n1.0\n\(root)\n",
        "o\n١\n\(root)\n",
        "o\n18446744073709551616\n\(root)\n", "o\n1\n\n", "o\n1\n\(root) \n", "o\n1\n\(root)=\n",
        "o\n1\n\(root)\r\n", "o\r\n1\r\n\(root)\r\n", "o\n1\n\(root)\n\n", "o\n1\n\(root)\n\nx\n",
        "o\n1\n" + Base64.encode([UInt8](repeating: 0, count: 31)) + "\n",
        "o\n1\n" + Base64.encode([UInt8](repeating: 0, count: 33)) + "\n",
        "o\n1\n" + root.replacing("/", with: "_").replacing("+", with: "-") + "\n",
    ])
    func otherTextsAreRefused(text: String) {
        let error = #expect(throws: CheckpointError.self) { try Checkpoint(parsing: text) }
        #expect(error.map { !"\($0)".contains("\n") } == true)
    }

    @Test(.enabled(if: SharedVectors.exist))
    func sharedBodiesAreReadAsStated() throws {
        let cases = try #require(SharedVectors.json("tlog/formats-checkpoint-body-cases.json").arrayValue)
        for vector in cases {
            let body = try #require(vector["body"]?.stringValue)
            #expect(((try? Checkpoint(parsing: body)) != nil) == vector["ours_strict_valid"]?.boolValue, "\(vector)")
        }
        #expect(cases.count == 8)
    }
}
