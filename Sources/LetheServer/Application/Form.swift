import LetheBytes

/// `application/x-www-form-urlencoded`, as queries and forms have it.
public enum Form {
    /// The fields; nil where a name comes twice, something is no UTF-8, or there are too many.
    public static func fields(_ bytes: [UInt8], limit: Int = 256) -> [String: String]? {
        var fields: [String: String] = [:]
        for pair in bytes.split(separator: UInt8(ascii: "&")) {
            guard fields.count < limit else { return nil }
            let end = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = decode(pair[..<end]), let value = decode(pair[end...].dropFirst()),
                fields.updateValue(value, forKey: name) == nil
            else { return nil }
        }
        return fields
    }

    /// The fields of a body, where its media type says that it is a form.
    public static func fields(of body: [UInt8], contentType: String?) -> [String: String]? {
        let type = contentType ?? ""
        if let boundary = Multipart.boundary(type) { return Multipart.fields(body, boundary: boundary) }
        return type.lowercased().hasPrefix("application/x-www-form-urlencoded") ? fields(body) : nil
    }

    private static func decode(_ text: ArraySlice<UInt8>) -> String? {
        var bytes: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard rest.count >= 2,
                    let value = try? Hex.decode(
                        String(decoding: rest.prefix(2), as: UTF8.self), allowingUppercase: true)
                else { return nil }
                bytes += value
                rest = rest.dropFirst(2)
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
