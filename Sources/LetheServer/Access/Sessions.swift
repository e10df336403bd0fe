import LetheBytes
import LetheCrypto
import LetheRequests
public import LetheStatements

/// Signed sessions for browsers, and the tokens that their forms carry: the server remembers nothing but one key.
///
/// A session is bound to the token that it was opened with and ends with it. A form's token is bound to its session, so that
/// another site cannot make a browser act: it can neither read the one nor guess the other.
public struct Sessions: Sendable {
    private let key: [UInt8]
    /// How long a session lasts.
    let seconds: Int64
    /// Whether the cookie is sent over TLS alone.
    let isSecure: Bool

    /// What a valid cookie says.
    public struct Session: Sendable, Equatable {
        /// The session's own name.
        public let id: String
        /// The id of the token that it was opened with.
        public let tokenID: String
    }

    /// Sessions under the key in `folder`, which is made where it is missing.
    init(folder: String, seconds: Int64, isSecure: Bool) throws {
        let path = Files.join(folder, "session.key")
        if !Files.exists(path) {
            try Files.write(Array(Hex.encode(secureRandomBytes(32)).utf8), to: path, permissions: 0o600)
        }
        key = try Files.readPrivate(path, limit: 64)
        self.seconds = seconds
        self.isSecure = isSecure
    }

    /// The cookie's name: browsers take a `__Host-` cookie from nobody but this very host, over TLS.
    public var cookieName: String { isSecure ? "__Host-lethe" : "lethe" }

    /// The header field that opens a session of a token.
    public func open(_ token: AccessToken, now: Timestamp) -> (session: Session, cookie: String) {
        let session = Session(id: Hex.encode(secureRandomBytes(16)), tokenID: token.id)
        let end = min(now.adding(seconds: seconds), token.expiresAt).secondsSinceEpoch
        let text = "\(session.id).\(session.tokenID).\(end)"
        return (session, cookie(text + "." + seal(text), maximumAge: max(0, end - now.secondsSinceEpoch)))
    }

    /// The header field that ends a session in its browser.
    public var closing: String { cookie("", maximumAge: 0) }

    private func cookie(_ value: String, maximumAge: Int64) -> String {
        "\(cookieName)=\(value); Path=/; Max-Age=\(maximumAge); HttpOnly; SameSite=Strict"
            + (isSecure ? "; Secure" : "")
    }

    /// The session of a `Cookie` header field; nil where it has none that counts.
    func session(cookies: String, now: Timestamp) -> Session? {
        for pair in cookies.split(separator: ";") {
            let trimmed = pair.drop { $0 == " " }
            guard trimmed.hasPrefix(cookieName + "=") else { continue }
            let parts = trimmed.dropFirst(cookieName.count + 1).split(
                separator: ".", omittingEmptySubsequences: false
            ).map(String.init)
            guard parts.count == 4, let end = Int64(parts[2]) else { return nil }
            let expected = seal(parts[..<3].joined(separator: "."))
            guard constantTimeEquals(Array(expected.utf8), Array(parts[3].utf8)), now.secondsSinceEpoch < end else {
                return nil
            }
            return Session(id: parts[0], tokenID: parts[1])
        }
        return nil
    }

    private func seal(_ text: String) -> String {
        hmacSHA256(key: key, message: Array("lethe/session/v1\0\(text)".utf8)).hex
    }

    /// The token that the forms and scripts of a session carry, in the field `csrf` or the header field `X-CSRF-Token`.
    public func formToken(sessionID: String) -> String {
        hmacSHA256(key: key, message: Array("lethe/form/v1\0\(sessionID)".utf8)).hex
    }

    /// Whether a form's token is that of its session.
    func isFormToken(_ text: String, of sessionID: String) -> Bool {
        constantTimeEquals(Array(formToken(sessionID: sessionID).utf8), Array(text.utf8))
    }
}
