import Foundation
import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheStatements
import Testing

/// Every byte of a certificate file counts.
///
/// Every position is always tried, with a few replacements that change from position to position. With LETHE_EXHAUSTIVE=1 each
/// position gets all of them (in a release build: `swift test -c release -Xswiftc -enable-testing`).
struct CertificateTamperingTests {
    private static let isExhaustive = ProcessInfo.processInfo.environment["LETHE_EXHAUSTIVE"] == "1"
    private static let confusing: [UInt8] = [0x00, 0x0a, 0x20, 0x22, 0x2c, 0x3d, 0x41, 0x5c, 0xff]

    private let file: [UInt8]
    private let trust: TrustFile

    init() throws {
        // A short certificate, so that every byte can be tried; a long one has more of the same members.
        let test = Fixture.test(measurements: [Fixture.measurement()])
        let testResult = try Fixture.testResult(test)
        var certificate = try Fixture.certificate(test: test, testResult: testResult)
        certificate.notifications = []
        certificate.retained = []
        certificate.backups = []
        file = try Fixture.file(certificate, testResult: testResult).bytes()
        trust = try Fixture.trust()
    }

    /// Bytes to put at a position: all of `values` in an exhaustive run, one of them otherwise, another one at the next position.
    private func some(_ values: [UInt8], at index: Int) -> [UInt8] {
        Self.isExhaustive ? values : [values[index % values.count]]
    }

    private func expectRefused(_ bytes: [UInt8], _ what: @autoclosure () -> String) {
        do {
            _ = try CertificateVerifier.verify(bytes, trusting: trust)
            Issue.record("accepted: \(what())")
        } catch {
            let line = "\(error)"
            #expect(
                !line.isEmpty && line.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f } && line.utf8.count < 700, "\(line)")
        }
    }

    @Test func theFileItselfVerifies() throws {
        #expect(try CertificateVerifier.verify(file, trusting: trust).index == 3)
    }

    @Test func everyChangedByteIsRefused() {
        for index in file.indices {
            let bits = (0..<8).map { file[index] ^ (1 << UInt8($0)) }
            let values =
                Self.isExhaustive ? Array(.min ... .max) : some(bits, at: index) + some(Self.confusing, at: index)
            for value in values where value != file[index] {
                var altered = file
                altered[index] = value
                expectRefused(altered, "byte \(index): \(file[index]) -> \(value)")
            }
        }
    }

    @Test func everyDeletedByteIsRefused() {
        for index in file.indices {
            var altered = file
            altered.remove(at: index)
            expectRefused(altered, "byte \(index) removed")
        }
    }

    @Test func everyInsertedByteIsRefused() {
        for index in 0...file.count {
            for value in some(Self.confusing, at: index) {
                var altered = file
                altered.insert(value, at: index)
                expectRefused(altered, "\(value) inserted at \(index)")
            }
        }
    }

    @Test func everyTruncationIsRefused() {
        for length in file.indices {
            expectRefused(Array(file.prefix(length)), "\(length) bytes")
        }
    }

    @Test func everySwapOfNeighboursIsRefused() {
        for index in file.indices.dropLast()
        where file[index] != file[index + 1] && (Self.isExhaustive || index % 3 == 0) {
            var altered = file
            altered.swapAt(index, index + 1)
            expectRefused(altered, "bytes \(index) and \(index + 1) swapped")
        }
    }

    /// The proof is the only part that no signature of the controller covers: try every class of character in every place of it.
    @Test func everySubstitutionInsideTheProofIsRefused() throws {
        let text = try Fixture.file().proof.text
        let start = try #require(
            file.indices.first { file[$0...].starts(with: #""proof":""#.utf8) })
        let length = text.utf8.count + text.utf8.count(where: { $0 == 0x0a })
        for index in (start + 9)..<(start + 9 + length) {
            let values = Self.isExhaustive ? Array(0x20...0x7e) : some(Array("+/0=AZaz".utf8), at: index)
            for value in values where value != file[index] {
                var altered = file
                altered[index] = value
                expectRefused(altered, "byte \(index) of the proof: \(value)")
            }
        }
    }

    @Test func otherSpellingsOfTheSameContentAreRefused() throws {
        let text = String(decoding: file, as: UTF8.self)
        let json = try StrictJSON.parse(file)
        let spellings = [
            String(text.dropLast()), text + "\n", " " + text, text.replacing("\n", with: "\r\n"), "\u{feff}" + text,
            text.replacing("\":", with: "\": "), text.replacing("mediaType", with: "media\\u0054ype"),
            text.replacing("\\n", with: "\\u000a"), text.replacing("—", with: "\\u2014"),
            text.replacing("/", with: "\\/"), String(decoding: json.prettyBytes(), as: UTF8.self),
        ]
        for (index, spelling) in spellings.enumerated() {
            #expect(Array(spelling.utf8) != file, "spelling \(index)")
            expectRefused(Array(spelling.utf8), "spelling \(index)")
        }
    }

    @Test func surplusMissingAndDuplicateMembersAreRefused() throws {
        let members = try #require(StrictJSON.parse(file).objectValue)
        for name in members.keys {
            var less = members
            less[name] = nil
            expectRefused(try JSONValue.object(less).canonicalBytes() + [0x0a], "without \(name)")
            for value: JSONValue in [.null, 7, "x", [], [:]] {
                var other = members
                other[name] = value
                expectRefused(try JSONValue.object(other).canonicalBytes() + [0x0a], "\(name) replaced")
            }
        }
        var more = members
        more["note"] = "unsigned"
        expectRefused(try JSONValue.object(more).canonicalBytes() + [0x0a], "surplus member")
        let text = String(decoding: file, as: UTF8.self)
        let duplicate = text.replacing("{\"certificate\"", with: "{\"mediaType\":\"x\",\"certificate\"")
        expectRefused(Array(duplicate.utf8), "duplicate member")
    }

    @Test func hugeAndNestedFilesAreRefusedUnread() {
        #expect(throws: CertificateError.tooLarge(limit: 262_144, found: 262_145)) {
            try CertificateVerifier.verify([UInt8](repeating: 0x20, count: 262_145), trusting: trust)
        }
        expectRefused([UInt8](repeating: 0x5b, count: 200_000), "deep nesting")
        expectRefused([], "empty")
    }

    /// Parts of different genuine certificates do not fit together.
    @Test func partsOfGenuineFilesCannotBeExchanged() throws {
        let first = try Fixture.file()
        let test = Fixture.test(verdict: .inconclusive)
        let testResult = try Fixture.testResult(test)
        let second = try Fixture.file(
            Fixture.certificate(2, test: test, testResult: testResult), testResult: testResult)
        _ = try CertificateVerifier.verify(second, trusting: trust)
        for mixed in [
            CertificateFile(certificate: first.certificate, testResult: second.testResult, proof: first.proof),
            CertificateFile(certificate: first.certificate, testResult: first.testResult, proof: second.proof),
            CertificateFile(certificate: second.certificate, testResult: first.testResult, proof: second.proof),
            CertificateFile(certificate: first.testResult, testResult: first.certificate, proof: first.proof),
            CertificateFile(certificate: first.certificate, testResult: first.certificate, proof: first.proof),
        ] {
            expectRefused(try mixed.bytes(), "mixed parts")
        }
    }
}
