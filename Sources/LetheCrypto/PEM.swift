public import LetheBytes

/// The textual encoding of keys (RFC 7468), strict: one block, one label, nothing around it.
public enum PEM {
    /// The label of a SubjectPublicKeyInfo.
    public static let publicKeyLabel = "PUBLIC KEY"
    /// The label of an unencrypted PKCS#8 key.
    public static let privateKeyLabel = "PRIVATE KEY"
    /// The label of a PKCS#8 key under a passphrase.
    public static let encryptedKeyLabel = "ENCRYPTED PRIVATE KEY"

    /// Wraps `der` in a block with lines of 64 characters and a newline at the end, as `openssl` does.
    public static func encode(_ der: [UInt8], label: String) -> String {
        var text = "-----BEGIN \(label)-----\n"
        var rest = Base64.encode(der)[...]
        while !rest.isEmpty {
            text += rest.prefix(64) + "\n"
            rest = rest.dropFirst(64)
        }
        return text + "-----END \(label)-----\n"
    }

    /// The DER bytes of the one block that `text` consists of; CRLF line ends and blank lines around it are allowed.
    ///
    /// - Throws: `.notPEM`, `.wrongLabel`, `.encrypted`, `.badBase64`.
    public static func decode(_ text: String, label: String) throws(KeyError) -> [UInt8] {
        var lines = text.split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }[...]
        while lines.first?.isEmpty == true { lines.removeFirst() }
        while lines.last?.isEmpty == true { lines.removeLast() }

        let begin = "-----BEGIN "
        let dashes = "-----"
        guard let first = lines.first, first.hasPrefix(begin), first.hasSuffix(dashes),
            first.count > begin.count + dashes.count
        else { throw .notPEM(expected: label) }
        let found = String(first.dropFirst(begin.count).dropLast(dashes.count))
        guard found == label else {
            let isEncrypted = label == privateKeyLabel && found == encryptedKeyLabel
            throw isEncrypted ? .encrypted : .wrongLabel(expected: label, found: found)
        }
        guard lines.count >= 3, lines.last == "-----END \(label)-----" else { throw .notPEM(expected: label) }

        let body = lines.dropFirst().dropLast()
        // RFC 7468's strict form: 64 characters a line, fewer in the last one only.
        guard body.dropLast().allSatisfy({ $0.utf8.count == 64 }),
            let last = body.last, (1...64).contains(last.utf8.count)
        else { throw .badBase64(label: label) }
        do {
            return try Base64.decode(body.joined())
        } catch {
            throw .badBase64(label: label)
        }
    }
}

/// Why bytes or text are not a usable Ed25519 key. No case holds any part of a private key.
public enum KeyError: Error, Equatable, CustomStringConvertible {
    /// The text is not exactly one PEM block.
    case notPEM(expected: String)
    /// The PEM block has another label.
    case wrongLabel(expected: String, found: String)
    /// The private key is protected by a passphrase, and none was given.
    case encrypted
    /// The passphrase does not open the key, or the file was altered.
    case wrongPassphrase
    /// The file that the key is in.
    case file(FileError)
    /// The inside of the PEM block is not base64.
    case badBase64(label: String)
    /// The bytes are not the DER encoding of such a key.
    case notDER(what: String)
    /// Bytes follow the key.
    case trailingBytes(what: String, count: Int)
    /// A key of another algorithm.
    case wrongAlgorithm(found: String)
    /// Not 32 bytes.
    case wrongLength(what: String, expected: Int, found: Int)
    /// A point of low order: any signature could be made to fit, so it is never registered.
    case lowOrder(rawPublicKey: String)

    /// One line that names what was expected and found.
    public var description: String {
        switch self {
        case .notPEM(let expected):
            "key: expected one PEM block -----BEGIN \(expected)----- … -----END \(expected)----- and nothing else"
        case .wrongLabel(let expected, let found):
            "key: expected a PEM block \(Printable.quoted(expected)), found \(Printable.quoted(found))"
        case .encrypted:
            "key: the private key is encrypted and no passphrase was given"
        case .wrongPassphrase: "key: wrong passphrase (or the file was altered); nothing was changed"
        case .file(let error): "\(error)"
        case .badBase64(let label):
            "key: the PEM block \(Printable.quoted(label)) is not base64 in lines of 64 characters"
        case .notDER(let what): "key: expected DER of a \(what), found other bytes"
        case .trailingBytes(let what, let count): "key: \(count) bytes follow the \(what)"
        case .wrongAlgorithm(let found): "key: expected an Ed25519 key, found \(Printable.quoted(found))"
        case .wrongLength(let what, let expected, let found): "\(what): expected \(expected) bytes, found \(found)"
        case .lowOrder(let key): "key: refused, a point of low order (\(key)); a signature under it proves nothing"
        }
    }
}
