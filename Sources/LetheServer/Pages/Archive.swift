/// A POSIX ustar archive (IEEE 1003.1, pax, "ustar Interchange Format") of a folder's files, the same bytes for the same files.
enum Archive {
    /// The archive of `files` below `folder`.
    static func tar(_ files: [(name: String, bytes: [UInt8])], in folder: String) -> [UInt8] {
        var archive: [UInt8] = []
        for (name, bytes) in files {
            archive += header(name: "\(folder)/\(name)", size: bytes.count, mode: name.hasSuffix(".sh") ? 0o755 : 0o644)
            archive += bytes
            archive += [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
        }
        return archive + [UInt8](repeating: 0, count: 1_024)
    }

    private static func header(name: String, size: Int, mode: Int) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ text: String, at offset: Int, width: Int) {
            for (place, byte) in text.utf8.prefix(width).enumerated() { block[offset + place] = byte }
        }
        func octal(_ value: Int, digits: Int) -> String {
            let text = String(value, radix: 8)
            return String(repeating: "0", count: max(0, digits - text.count)) + text
        }
        put(name, at: 0, width: 100)
        put(octal(mode, digits: 7), at: 100, width: 7)
        for (offset, digits) in [(108, 7), (116, 7), (136, 11)] {
            put(octal(0, digits: digits), at: offset, width: digits)
        }
        put(octal(size, digits: 11), at: 124, width: 11)
        put("        ", at: 148, width: 8)
        put("0", at: 156, width: 1)
        put("ustar\u{0}00", at: 257, width: 8)
        let sum = block.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + "\u{0} ", at: 148, width: 8)
        return block
    }
}
