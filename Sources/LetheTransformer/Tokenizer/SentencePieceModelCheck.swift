/// Checks a serialized SentencePiece model before the C++ library sees it.
///
/// The library trusts a model's tables and follows their indices without bounds; here every byte is read as the protocol
/// buffer that it claims to be (`sentencepiece_model.proto`), and the character map is walked completely.
struct SentencePieceModelCheck {
    /// The kinds of pieces, by their number in the format.
    enum PieceKind: UInt64 {
        case normal = 1
        case unknown = 2
        case control = 3
        case userDefined = 4
        case unused = 5
        case byte = 6
    }

    /// Every piece with its kind; the place is its id.
    private(set) var pieces: [(text: [UInt8], kind: PieceKind)] = []

    /// More pieces than any vocabulary in use has.
    static let maximumPieceCount = 1 << 20

    init(_ bytes: [UInt8]) throws(TokenizerError) {
        guard !bytes.isEmpty else { throw .malformedModel(reason: "it is empty") }
        var hasNormalizer = false
        var message = ProtocolBufferReader(bytes[...])
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let piece)): try add(piece)
            case (2, .bytes(let trainer)): try check(trainer: trainer)
            case (3, .bytes(let normalizer)):
                hasNormalizer = true
                try check(normalizer: normalizer)
            case (5, .bytes(let denormalizer)): try check(normalizer: denormalizer)
            case (1...5, .varint), (1...5, .fixed32), (1...5, .fixed64):
                throw .malformedModel(reason: "field \(field.number) has the wrong type")
            default: break
            }
        }
        guard hasNormalizer else { throw .malformedModel(reason: "it ends before its normalizer") }
        guard Set(pieces.map(\.text)).count == pieces.count else {
            throw .malformedModel(reason: "a piece stands twice")
        }
        let expected: [(String, PieceKind)] = [("<pad>", .control), ("</s>", .control), ("<unk>", .unknown)]
        for (id, (text, kind)) in expected.enumerated() {
            guard id < pieces.count, pieces[id].text == Array(text.utf8), pieces[id].kind == kind else {
                let found = id < pieces.count ? String(decoding: pieces[id].text, as: UTF8.self) : "nothing"
                throw .unsupportedModel(
                    reason: "piece \(id) should be \(text), found \(String(reflecting: found.prefix(40)))")
            }
        }
        guard pieces.count(where: { $0.kind == .unknown }) == 1 else {
            throw .malformedModel(reason: "it has several unknown pieces")
        }
    }

    private mutating func add(_ message: ArraySlice<UInt8>) throws(TokenizerError) {
        guard pieces.count < Self.maximumPieceCount else {
            throw .malformedModel(reason: "it has more than \(Self.maximumPieceCount) pieces")
        }
        var text: [UInt8] = []
        var kind = PieceKind.normal
        var reader = ProtocolBufferReader(message)
        while let field = try reader.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let bytes)): text = Array(bytes)
            case (2, .fixed32(let bits)):
                guard Float(bitPattern: bits).isFinite else {
                    throw .malformedModel(reason: "piece \(pieces.count) has no finite score")
                }
            case (3, .varint(let value)):
                guard let known = PieceKind(rawValue: value) else {
                    throw .malformedModel(reason: "piece \(pieces.count) has the unknown kind \(value)")
                }
                kind = known
            case (1...3, _): throw .malformedModel(reason: "piece \(pieces.count) has a field of the wrong type")
            default: break
            }
        }
        guard !text.isEmpty, String(validating: text, as: UTF8.self) != nil else {
            throw .malformedModel(reason: "piece \(pieces.count) is no text")
        }
        pieces.append((text, kind))
    }

    private func check(trainer message: ArraySlice<UInt8>) throws(TokenizerError) {
        var reader = ProtocolBufferReader(message)
        while let field = try reader.next() {
            if field.number == 3, case .varint(let kind) = field.value, kind != 1 {
                throw .unsupportedModel(reason: "expected a unigram model, found kind \(kind)")
            }
        }
    }

    private func check(normalizer message: ArraySlice<UInt8>) throws(TokenizerError) {
        var reader = ProtocolBufferReader(message)
        while let field = try reader.next() {
            if field.number == 2, case .bytes(let map) = field.value, !map.isEmpty { try Self.check(characterMap: map) }
        }
    }

    /// The map is a 32-bit length, a double-array trie (Darts) of that many bytes, and NUL-terminated replacements.
    private static func check(characterMap map: ArraySlice<UInt8>) throws(TokenizerError) {
        let damaged = TokenizerError.malformedModel(reason: "its character map is damaged")
        let bytes = Array(map)
        guard bytes.count > 4 else { throw damaged }
        let length: [UInt32] = LittleEndian.read(bytes, 0..<4)
        let size = Int(length[0])
        guard size > 0, size % 4 == 0, size < bytes.count - 4, bytes.last == 0 else { throw damaged }
        let units: [UInt32] = LittleEndian.read(bytes, 4..<4 + size)
        let replacements = bytes.count - 4 - size
        // A unit with label c at place p continues the states whose base is p ^ c; they form a list for each base.
        var firstChild = [Int](repeating: -1, count: units.count)
        var nextChild = [Int](repeating: -1, count: units.count)
        for (place, unit) in units.enumerated() where unit & 0x8000_0000 == 0 {
            let base = place ^ Int(unit & 0xff)
            guard base < units.count else { continue }
            nextChild[place] = firstChild[base]
            firstChild[base] = place
        }
        // Every state that a text can reach: no next byte may lead out of the table, no value out of the replacements.
        var visited = [Bool](repeating: false, count: units.count)
        var pending = [0]
        visited[0] = true
        while let place = pending.popLast() {
            let unit = units[place]
            let base = place ^ Int((unit >> 10) << ((unit & 0x200) >> 6))
            guard base | 0xff < units.count else { throw damaged }
            if unit & 0x100 != 0, Int(units[base] & 0x7fff_ffff) >= replacements { throw damaged }
            var child = firstChild[base]
            while child >= 0 {
                if !visited[child] {
                    visited[child] = true
                    pending.append(child)
                }
                child = nextChild[child]
            }
        }
    }
}

/// The fields of one message in the protocol buffer wire format.
private struct ProtocolBufferReader {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed32(UInt32)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// The next field, or `nil` at the end of the message.
    mutating func next() throws(TokenizerError) -> (number: UInt64, value: Value)? {
        if rest.isEmpty { return nil }
        let key = try varint()
        guard key >> 3 > 0 else { throw .malformedModel(reason: "it has a field without number") }
        switch key & 7 {
        case 0: return (key >> 3, .varint(try varint()))
        case 1: return (key >> 3, .fixed64(try little(8)))
        case 2:
            let length = try varint()
            guard length <= UInt64(rest.count) else {
                throw .malformedModel(reason: "it is truncated: a field needs \(length) bytes, \(rest.count) are left")
            }
            return (key >> 3, .bytes(take(Int(length))))
        case 5: return (key >> 3, .fixed32(UInt32(try little(4))))
        default: throw .malformedModel(reason: "it has a field of the unknown type \(key & 7)")
        }
    }

    private mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func little(_ count: Int) throws(TokenizerError) -> UInt64 {
        guard rest.count >= count else { throw .malformedModel(reason: "it is truncated inside a number") }
        return take(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private mutating func varint() throws(TokenizerError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), through: 63, by: 7) {
            guard let byte = rest.popFirst() else { throw .malformedModel(reason: "it is truncated inside a number") }
            value |= UInt64(byte & 0x7f) << shift
            if byte < 0x80 { return value }
        }
        throw .malformedModel(reason: "it has a number of more than 64 bits")
    }
}
