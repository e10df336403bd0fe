extension String {
    /// The text without characters that act instead of showing: control characters and those that reorder the text
    /// around them. Each becomes U+FFFD; line breaks and tabs become spaces.
    var printable: String {
        var result = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            switch scalar.value {
            case 0x09, 0x0A, 0x0D, 0x85, 0x2028, 0x2029:
                result.append(" ")
            case 0x00...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x061C, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF:
                result.append("\u{FFFD}")
            default:
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// The text cut to at most `length` characters, with an ellipsis where something is missing.
    func shortened(to length: Int) -> String {
        count <= length ? self : prefix(max(0, length - 1)) + "\u{2026}"
    }
}
