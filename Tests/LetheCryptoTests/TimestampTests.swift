import Foundation
import LetheBytes
import LetheCrypto
import Testing

struct TimestampTests {
    /// Made once with `openssl ts` (see SOURCE.md): a response over the text `stamped\\n`, its query, and a certification authority.
    private static func file(_ name: String) throws -> [UInt8] {
        let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    private let query: TimestampQuery
    private let response: [UInt8]
    private let authority: TimestampAuthority
    private let imprint = Digest(sha256: Array("stamped\n".utf8))

    init() throws {
        query = try TimestampQuery(der: Self.file("stamped.tsq"))
        response = try Self.file("stamped.tsr")
        authority = try TimestampAuthority(pem: Self.file("tsa-ca.pem"))
    }

    @Test func aResponseOfOpensslVerifies() throws {
        #expect(query.imprint == imprint)
        let stamp = try authority.verify(response, imprint: imprint, nonce: query.nonce)
        #expect(stamp == (try authority.verify(response, imprint: imprint)))
        let parsed = try TimestampResponse(der: response)
        #expect(parsed.seconds == stamp.seconds && parsed.imprint == imprint)
        #expect(try parsed.signer?.verify(response, imprint: imprint) == stamp)
    }

    /// The certificate of the authority itself may be trusted, without the one that issued it.
    @Test func aPinnedCertificateIsEnough() throws {
        let pinned = try TimestampAuthority(pem: Self.file("tsa.pem"))
        #expect(try pinned.verify(response, imprint: imprint) == authority.verify(response, imprint: imprint))
    }

    @Test func queriesSurviveARoundTrip() throws {
        for _ in 0..<64 {
            let query = TimestampQuery(imprint: imprint)
            #expect(try TimestampQuery(der: query.der) == query)
            #expect(query.nonce.count == 8)
        }
        #expect(try query.der == Self.file("stamped.tsq"))
        #expect(TimestampQuery(imprint: imprint).nonce != TimestampQuery(imprint: imprint).nonce)
    }

    @Test func anotherImprintNonceOrAuthorityIsRefused() throws {
        let other = Digest(sha256: [1])
        #expect(throws: TimestampingError.self) { try authority.verify(response, imprint: other) }
        #expect(throws: TimestampingError.self) { try authority.verify(response, imprint: imprint, nonce: [1, 2, 3]) }
        let stranger = try TimestampAuthority(pem: Self.file("other-ca.pem"))
        #expect(throws: TimestampingError.self) { try stranger.verify(response, imprint: imprint) }
    }

    /// Every byte that the signature covers counts; the few that it does not (status, order of certificates) never change what is
    /// established.
    @Test func noFlippedByteChangesWhatIsEstablished() throws {
        let stamp = try authority.verify(response, imprint: imprint, nonce: query.nonce)
        var refused = 0
        for offset in response.indices {
            var changed = response
            changed[offset] ^= 0x04
            if let found = try? authority.verify(changed, imprint: imprint, nonce: query.nonce) {
                #expect(found == stamp, "byte \(offset)")
            } else {
                refused += 1
            }
        }
        #expect(refused * 10 > response.count * 9, "\(refused) of \(response.count)")
    }

    @Test func everyCutIsRefused() throws {
        for count in response.indices {
            #expect(throws: TimestampingError.self) {
                try authority.verify(Array(response.prefix(count)), imprint: imprint)
            }
        }
        #expect(throws: TimestampingError.malformedResponse) { try authority.verify(response + [0], imprint: imprint) }
        for count in query.der.indices {
            #expect(throws: TimestampingError.malformedQuery) {
                try TimestampQuery(der: Array(query.der.prefix(count)))
            }
        }
        #expect(throws: TimestampingError.malformedQuery) { try TimestampQuery(der: query.der + [0]) }
    }

    @Test func aRefusalIsNoTimestamp() throws {
        // status = rejection, no token: SEQUENCE { SEQUENCE { INTEGER 2 } }
        #expect(throws: TimestampingError.notGranted("status 2")) {
            try authority.verify([0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x02], imprint: imprint)
        }
        #expect(throws: TimestampingError.malformedResponse) {
            try authority.verify([0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00], imprint: imprint)
        }
    }

    @Test func certificatesReadBackAndEachVerifiesAlone() throws {
        let both = try TimestampAuthority(pem: Self.file("tsa-ca.pem") + Self.file("other-ca.pem"))
        #expect(try TimestampAuthority(pem: both.pem) == both)
        let alone = both.certificatesAlone
        #expect(try alone.map(\.pem) == [Self.file("tsa-ca.pem"), Self.file("other-ca.pem")])
        #expect(try alone[0].verify(response, imprint: imprint) == both.verify(response, imprint: imprint))
        #expect(throws: TimestampingError.self) { try alone[1].verify(response, imprint: imprint) }
    }

    @Test(arguments: [
        "", "x", "-----BEGIN CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ])
    func otherCertificateFilesAreRefused(text: String) {
        #expect(throws: TimestampingError.self) { try TimestampAuthority(pem: Array(text.utf8)) }
    }

    @Test(.enabled(if: SharedVectors.exist))
    func theSharedResponseVerifies() throws {
        let imprint = Digest(sha256: try SharedVectors.bytes("rfc3161/note.txt"))
        let query = try TimestampQuery(der: SharedVectors.bytes("rfc3161/note.tsq"))
        #expect(query.imprint == imprint)
        for name in ["ca", "tsa"] {
            let authority = try TimestampAuthority(pem: SharedVectors.bytes("rfc3161/\(name).pem"))
            let stamp = try authority.verify(
                SharedVectors.bytes("rfc3161/note.tsr"), imprint: imprint, nonce: query.nonce)
            #expect(stamp.seconds == 1_795_467_518)
        }
    }
}
