import Mustache

/// How values become text of a page: by Unicode scalars.
///
/// The templates' own library escapes by `Character`, so that a quotation mark with a combining accent behind it would pass unescaped
/// and end an attribute. Characters that act instead of showing (controls, reordering) are replaced, as in reports.
struct PageText: MustacheContentType {
    static let name = "PAGE"

    func escapeText(_ text: String) -> String {
        var output = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output.append(contentsOf: "&amp;".unicodeScalars)
            case "<": output.append(contentsOf: "&lt;".unicodeScalars)
            case ">": output.append(contentsOf: "&gt;".unicodeScalars)
            case "\"": output.append(contentsOf: "&quot;".unicodeScalars)
            case "'": output.append(contentsOf: "&#39;".unicodeScalars)
            case "\n", "\t": output.append(scalar)
            default: output.append(Self.acts(scalar.value) ? "\u{FFFD}" : scalar)
            }
        }
        return String(output)
    }

    private static func acts(_ value: UInt32) -> Bool {
        switch value {
        case 0x00...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x061C, 0x2028, 0x2029, 0x202A...0x202E, 0x2066...0x2069, 0xFEFF:
            true
        default: false
        }
    }
}
