public import LetheStatements

extension Timestamp {
    /// Reads a time of RFC 3339, section 5.6, as other systems write it: any offset, fractions of a second cut off.
    ///
    /// A time without an offset names no moment and is refused; so is a leap second, which this clock does not have.
    public init?(rfc3339 text: String) {
        guard (20...40).contains(text.utf8.count) else { return nil }
        let bytes = Array(text.utf8)
        var end = 19
        guard bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t") else { return nil }
        if bytes[end] == UInt8(ascii: ".") {
            let digits = bytes[(end + 1)...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty else { return nil }
            end += 1 + digits.count
        }
        let head = String(decoding: bytes[..<10], as: UTF8.self) + "T" + String(decoding: bytes[11..<19], as: UTF8.self)
        guard let local = try? Timestamp(head + "Z"), let offset = Self.offsetSeconds(bytes[end...]) else { return nil }
        guard let moment = try? Timestamp(secondsSinceEpoch: local.secondsSinceEpoch - offset) else { return nil }
        self = moment
    }

    /// Seconds that `Z`, `+hh:mm` or `-hh:mm` is ahead of UTC.
    private static func offsetSeconds(_ text: ArraySlice<UInt8>) -> Int64? {
        let text = Array(text)
        if text == [UInt8(ascii: "Z")] || text == [UInt8(ascii: "z")] { return 0 }
        guard text.count == 6, text[3] == UInt8(ascii: ":"),
            text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-"),
            [1, 2, 4, 5].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(text[$0]) })
        else { return nil }
        func pair(_ place: Int) -> Int64 {
            Int64(text[place] - UInt8(ascii: "0")) * 10 + Int64(text[place + 1] - UInt8(ascii: "0"))
        }
        let (hours, minutes) = (pair(1), pair(4))
        guard hours < 24, minutes < 60 else { return nil }
        return (text[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 3_600 + minutes * 60)
    }
}
