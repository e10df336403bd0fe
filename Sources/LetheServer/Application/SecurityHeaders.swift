/// Header fields that every answer has, a page as much as an error.
enum SecurityHeaders {
    /// The fields; those of a page may name other sources for itself.
    static func fields(isSecure: Bool) -> [(name: String, value: String)] {
        var fields = [
            (
                "Content-Security-Policy",
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
                    + "connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            ),
            ("X-Content-Type-Options", "nosniff"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer"),
            ("Cross-Origin-Opener-Policy", "same-origin"), ("Cross-Origin-Resource-Policy", "same-origin"),
            ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"), ("Cache-Control", "no-store"),
        ]
        if isSecure { fields.append(("Strict-Transport-Security", "max-age=31536000")) }
        return fields
    }
}
