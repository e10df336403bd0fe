/// The number by which a user or an item of any log is known to protocols and records.
enum EntityNumber {
    /// A whole number from 1 to 2^31 - 1 is its own; any other name gets one from 2^61 on, by FNV-1a.
    ///
    /// A function of the name alone, so that the records of those who stay keep their numbers when somebody is deleted from the
    /// files. Two names of one number are possible: a loader must refuse them, and a search must compare names.
    static func of(_ name: String) -> Int {
        if let number = plain(name) { return number }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return Int(hash >> 3 | 1 << 61)
    }

    private static func plain(_ name: String) -> Int? {
        guard let first = name.utf8.first, first != UInt8(ascii: "0"), name.utf8.count <= 10,
            name.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let number = Int(name), number <= Int(Int32.max)
        else { return nil }
        return number
    }
}
