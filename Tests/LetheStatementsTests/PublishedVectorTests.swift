import Foundation
import LetheBytes
import LetheCrypto
import LetheStatements
import Testing

/// The project's own vectors, Documentation/spec/vectors: written by Python and the openssl command (Tests/Support/make-vectors).
struct PublishedVectorTests {
    private func vectors(_ name: String) throws -> JSONValue {
        let root = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        return try StrictJSON.parse(Files.read("\(root)/Documentation/spec/vectors/\(name).json", limit: 1 << 20))
    }

    private func cases(_ file: JSONValue, _ name: String = "cases", atLeast count: Int) throws -> [JSONValue] {
        let cases = try #require(file[name]?.arrayValue)
        #expect(cases.count >= count)
        return cases
    }

    private func hex(_ value: JSONValue?) throws -> [UInt8] { try Hex.decode(try #require(value?.stringValue)) }

    @Test func envelopesVerifyOrNotAsTheyShould() throws {
        for item in try cases(vectors("dsse"), atLeast: 30) {
            let keys = try #require(item["trusted"]?.arrayValue).map { try VerifyingKey(rawBytes: hex($0)) }
            let threshold = try #require(item["threshold"]?.intValue)
            let bytes = Array(try #require(item["envelope"]?.stringValue).utf8)
            let holds = (try? DSSEEnvelope(parsing: bytes).verify(trusting: keys, threshold: threshold)) != nil
            #expect(holds == item["holds"]?.boolValue, "\(item["name"]?.stringValue ?? "")")
        }
    }

    @Test func signaturesAreJudgedAsOpenSSLDoes() throws {
        for item in try cases(vectors("ed25519"), atLeast: 25) {
            let holds = try Ed25519.isValid(
                signature: hex(item["signature"]), message: hex(item["message"]), rawPublicKey: hex(item["key"]))
            #expect(holds == item["holds"]?.boolValue, "\(item["name"]?.stringValue ?? "")")
        }
    }

    @Test func canonicalFormsAreTheseBytes() throws {
        let file = try vectors("jcs")
        for item in try cases(file, "accept", atLeast: 9) {
            #expect(try StrictJSON.parse(hex(item["input"])).canonicalBytes() == hex(item["output"]))
        }
        for item in try cases(file, "reject", atLeast: 20) {
            #expect(throws: JSONError.self, "\(item["why"]?.stringValue ?? "")") {
                try StrictJSON.parse(hex(item["input"])).canonicalBytes()
            }
        }
    }

    @Test func statementsAreReadOrRefused() throws {
        for item in try cases(vectors("statement"), atLeast: 20) {
            let bytes = Array(try #require(item["statement"]?.stringValue).utf8)
            let holds = (try? Statement(parsingUnverified: bytes)) != nil
            #expect(holds == item["holds"]?.boolValue, "\(item["name"]?.stringValue ?? "")")
        }
    }
}
