/// `multipart/form-data` (RFC 7578) whose parts are text: the forms of the pages and the files that people choose there.
enum Multipart {
    /// The parts by name; nil where the body is none, a name comes twice, or a part is no UTF-8.
    ///
    /// - Parameter boundary: as the media type names it.
    static func fields(_ body: [UInt8], boundary: String, limit: Int = 32) -> [String: String]? {
        guard (1...70).contains(boundary.utf8.count), boundary.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        let delimiter = Array("\r\n--\(boundary)".utf8)
        var rest = (Array("\r\n".utf8) + body)[...]
        var fields: [String: String] = [:]
        guard rest.starts(with: delimiter) else { return nil }
        rest = rest.dropFirst(delimiter.count)
        while true {
            if rest.elementsEqual("--".utf8) || rest.elementsEqual("--\r\n".utf8) { return fields }
            guard fields.count < limit, rest.starts(with: "\r\n".utf8), let end = first(delimiter, in: rest) else {
                return nil
            }
            let part = rest[rest.startIndex..<end]
            guard let blank = first(Array("\r\n\r\n".utf8), in: part),
                let head = String(validating: part[..<blank], as: UTF8.self), let name = name(in: head),
                let value = String(validating: part[(blank + 4)...], as: UTF8.self),
                fields.updateValue(value, forKey: name) == nil
            else { return nil }
            rest = rest[(end + delimiter.count)...]
        }
    }

    /// The boundary that a media type names.
    static func boundary(_ contentType: String) -> String? {
        guard contentType.lowercased().hasPrefix("multipart/form-data;") else { return nil }
        for parameter in contentType.split(separator: ";").dropFirst() {
            let pair = parameter.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            guard pair.count == 2, pair[0].lowercased() == "boundary" else { continue }
            return pair[1].hasPrefix("\"") && pair[1].hasSuffix("\"") && pair[1].count > 2
                ? String(pair[1].dropFirst().dropLast()) : String(pair[1])
        }
        return nil
    }

    /// The name in the head of a part; browsers quote it and escape what could end it.
    private static func name(in head: String) -> String? {
        for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-disposition: form-data;") {
            guard let start = line.firstRange(of: " name=\"")?.upperBound else { return nil }
            let name = line[start...].prefix { $0 != "\"" }
            return (1...64).contains(name.utf8.count) ? String(name) : nil
        }
        return nil
    }

    private static func first(_ needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= needle.count else { return nil }
        let last = bytes.endIndex - needle.count
        var at = bytes.startIndex
        while at <= last {
            if bytes[at] == needle[0], bytes[at..<(at + needle.count)].elementsEqual(needle) { return at }
            at += 1
        }
        return nil
    }
}
