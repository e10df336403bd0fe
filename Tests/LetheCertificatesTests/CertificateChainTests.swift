import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheLog
import LetheStatements
import Testing

struct CertificateChainTests {
    private let trust: TrustFile
    private let chain: [CertificateFile]

    init() throws {
        trust = try Fixture.trust()
        chain = try Self.makeChain(3)
    }

    /// Certificates at the log indices 3, 4, 5 …, each proved under its own checkpoint.
    private static func makeChain(
        _ count: Int, previous: (Int, UnlearningCertificate.Previous?) -> UnlearningCertificate.Previous? = { $1 }
    ) throws -> [CertificateFile] {
        var log = Fixture.Log()
        var last: UnlearningCertificate.Previous?
        var files: [CertificateFile] = []
        let testResult = try Fixture.testResult()
        for number in 1...count {
            let certificate = try Fixture.certificate(number, previous: previous(number, last), testResult: testResult)
            let envelope = try certificate.signed(by: Fixture.controller)
            let index = log.append(envelope)
            files.append(
                CertificateFile(certificate: envelope, testResult: testResult, proof: try log.proof(of: index)))
            last = .init(envelope: envelope.digest, index: index)
        }
        return files
    }

    private func verify(_ files: [CertificateFile]) throws -> [VerifiedCertificate] {
        try CertificateVerifier.verifyChain(files.map { try $0.bytes() }, trusting: trust)
    }

    @Test func aWholeChainVerifiesInAnyOrder() throws {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let verified = try verify(order.map { chain[$0] })
            #expect(verified.map(\.index) == [3, 4, 5])
            #expect(verified.map(\.isLinkVerified) == [false, true, true])
            #expect(verified[1].checked.contains("certificate before it at log index 3"))
            #expect(!verified[1].notChecked.contains(.previousCertificate(index: 3)))
        }
    }

    @Test func aGapIsAllowedAndListed() throws {
        let verified = try verify([chain[0], chain[2]])
        #expect(verified[1].notChecked.contains(.previousCertificate(index: 4)))
        #expect(try verify([chain[2]])[0].notChecked.contains(.previousCertificate(index: 4)))
    }

    @Test func theSameFileTwiceIsNoContradiction() throws {
        #expect(try verify([chain[1], chain[1]]).count == 2)
    }

    @Test func noFilesAreRefused() {
        #expect(throws: CertificateError.noCertificates) { try verify([]) }
    }

    @Test func aLinkToOtherBytesIsRefused() throws {
        let broken = try Self.makeChain(2) { number, last in
            number == 2 ? .init(envelope: Fixture.digest("forged"), index: 3) : last
        }
        _ = try verify([broken[1]])
        #expect(
            throws: CertificateError.brokenLink(
                index: 4, previousIndex: 3, expected: Fixture.digest("forged"), found: broken[0].certificate.digest)
        ) { try verify(broken) }
    }

    @Test func aLinkThatLeapsOverACertificateIsRefused() throws {
        let leaping = try Self.makeChain(3) { number, last in
            number == 3 ? .init(envelope: Fixture.digest("first"), index: 2) : last
        }
        #expect(throws: CertificateError.skippedCertificate(index: 5, previousIndex: 2, skipped: 4)) {
            try verify(leaping)
        }
        let restarted = try Self.makeChain(2) { _, _ in nil }
        #expect(throws: CertificateError.skippedCertificate(index: 4, previousIndex: nil, skipped: 3)) {
            try verify(restarted)
        }
    }

    @Test func twoHistoriesOfOneLogAreFound() throws {
        // The operator shows the first auditor one log, the second another, both signed.
        let other = try Self.makeChain(2) { number, last in
            number == 1 ? .init(envelope: Fixture.digest("x"), index: 0) : last
        }
        #expect(throws: CertificateError.self) { try verify([chain[0], other[0]]) }
        let error = #expect(throws: CertificateError.self) { try verify([chain[1], other[1]]) }
        #expect(error.map { "\($0)".contains("different histories") } == true)
    }

    @Test func oneBadFileSpoilsTheChain() throws {
        var bytes = try chain.map { try $0.bytes() }
        bytes[1][100] ^= 1
        #expect(throws: CertificateError.self) { try CertificateVerifier.verifyChain(bytes, trusting: trust) }
    }
}
