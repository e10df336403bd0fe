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
        String(decoding: encodedBytes(der, label: label), as: UTF8.self)
    }

    /// The same block as bytes, which a caller can wipe; no copy of its inside is left behind.
    static func encodedBytes(_ der: [UInt8], label: String) -> [UInt8] {
        var base64 = Base64.encodedASCII(der)
        defer { wipe(&base64) }
        let end = "-----END \(label)-----\n"
        var text = Array("-----BEGIN \(label)-----\n".utf8)
        // Room for everything from the start: growing would leave copies.
        text.reserveCapacity(text.count + base64.count + base64.count / 64 + 1 + end.utf8.count)
        for start in stride(from: 0, to: base64.count, by: 64) {
            text += base64[start..<min(start + 64, base64.count)]
            text.append(newline)
        }
        return text + end.utf8
    }

    private static let newline = UInt8(ascii: "\n")

    /// The DER bytes of the one block that `text` consists of; CRLF line ends and blank lines around it are allowed.
    ///
    /// - Throws: `.notPEM`, `.wrongLabel`, `.encrypted`, `.badBase64`.
    public static func decode(_ text: String, label: String) throws(KeyError) -> [UInt8] {
        var bytes = Array(text.utf8)
        defer { wipe(&bytes) }
        return try decode(bytes, label: label)
    }

    /// As above, of text that is given as bytes; no copy of the block's inside is left behind.
    static func decode(_ text: [UInt8], label: String) throws(KeyError) -> [UInt8] {
        var lines = text.split(separator: newline, omittingEmptySubsequences: false)
            .map { $0.last == UInt8(ascii: "\r") ? $0.dropLast() : $0 }[...]
        while lines.first?.isEmpty == true { lines.removeFirst() }
        while lines.last?.isEmpty == true { lines.removeLast() }

        let (begin, dashes) = (Array("-----BEGIN ".utf8), Array("-----".utf8))
        guard let first = lines.first, first.starts(with: begin), first.suffix(dashes.count).elementsEqual(dashes),
            first.count > begin.count + dashes.count
        else { throw .notPEM(expected: label) }
        let found = String(decoding: first.dropFirst(begin.count).dropLast(dashes.count), as: UTF8.self)
        guard Array(found.utf8) == Array(label.utf8) else {
            let isEncrypted = label == privateKeyLabel && found == encryptedKeyLabel
            throw isEncrypted ? .encrypted : .wrongLabel(expected: label, found: found)
        }
        guard lines.count >= 3, lines.last?.elementsEqual("-----END \(label)-----".utf8) == true else {
            throw .notPEM(expected: label)
        }
        let body = lines.dropFirst().dropLast()
        // RFC 7468's strict form: 64 characters a line, fewer in the last one only.
        guard body.dropLast().allSatisfy({ $0.count == 64 }), let last = body.last, (1...64).contains(last.count) else {
            throw .badBase64(label: label)
        }
        var base64: [UInt8] = []
        base64.reserveCapacity(64 * body.count)
        for line in body { base64 += line }
        defer { wipe(&base64) }
        do {
            return try Base64.decode(ascii: base64)
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
    /// The private key is not that of the public key beside it: one of the files was altered or exchanged.
    case otherPublicKey(file: String, expected: String, found: String)
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
        case .otherPublicKey(let file, let expected, let found):
            "not the private key of \(file): expected key \(expected), found \(found); the file was altered or exchanged"
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
