/// A JSON array of flat objects in canonical form (RFC 8785), written member by member without a tree of values between: for lists that are
/// long.
///
/// The caller adds an object's members in the canonical order of their names.
package struct CanonicalRows: Sendable {
    private var bytes: [UInt8] = []

    /// No rows.
    package init() {}

    /// Adds an object with the members that `write` adds.
    package mutating func add(_ write: (inout Row) -> Void) {
        if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
        var row = Row()
        // One owner of the bytes at a time: they are never copied.
        swap(&row.bytes, &bytes)
        row.bytes.append(UInt8(ascii: "{"))
        write(&row)
        row.bytes.append(UInt8(ascii: "}"))
        swap(&row.bytes, &bytes)
    }

    /// Adds the rows of another array.
    package mutating func add(_ rows: CanonicalRows) {
        guard !rows.bytes.isEmpty else { return }
        if !bytes.isEmpty { bytes.append(UInt8(ascii: ",")) }
        bytes += rows.bytes
    }

    /// The array.
    package var array: [UInt8] { [UInt8(ascii: "[")] + bytes + [UInt8(ascii: "]")] }

    /// An object that is being written.
    package struct Row {
        fileprivate var bytes: [UInt8] = []
        private var isEmpty = true

        fileprivate init() {}

        private mutating func begin(_ name: StaticString) {
            if !isEmpty { bytes.append(UInt8(ascii: ",")) }
            isEmpty = false
            bytes.append(UInt8(ascii: "\""))
            bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
            bytes.append(UInt8(ascii: "\""))
            bytes.append(UInt8(ascii: ":"))
        }

        /// A text; left out where there is none.
        package mutating func add(_ name: StaticString, _ text: String?) {
            guard let text else { return }
            begin(name)
            JSONValue.append(quoted: text, to: &bytes)
        }

        /// A number as a text, as this project writes numbers; left out where there is none.
        package mutating func add(_ name: StaticString, _ number: (some BinaryInteger)?) {
            add(name, number.map { String($0) })
        }

        /// `true`; left out where it is not.
        package mutating func add(_ name: StaticString, if holds: Bool) {
            guard holds else { return }
            begin(name)
            bytes += "true".utf8
        }

        /// Texts; left out where there are none.
        package mutating func add(_ name: StaticString, _ texts: [String]) {
            guard !texts.isEmpty else { return }
            begin(name)
            for (place, text) in texts.enumerated() {
                bytes.append(UInt8(ascii: place == 0 ? "[" : ","))
                JSONValue.append(quoted: text, to: &bytes)
            }
            bytes.append(UInt8(ascii: "]"))
        }
    }
}
