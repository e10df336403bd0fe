/// Foreign text made safe for one line of an error message.
///
/// What a verifier prints may come from an attacker: no line breaks, no terminal escapes, no endless lines.
public enum Printable {
    /// `text` in quotation marks, cut after `limit` characters, with everything but plain ASCII escaped.
    public static func quoted(_ text: String, limit: Int = 80) -> String {
        var result = "\""
        var count = 0
        for scalar in text.unicodeScalars {
            if count == limit {
                return result + "\"…"
            }
            count += 1
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case " "..."~": result.unicodeScalars.append(scalar)
            default: result += "\\u{" + String(scalar.value, radix: 16) + "}"
            }
        }
        return result + "\""
    }
}
