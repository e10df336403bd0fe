import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheTransformer

/// Where two folders or two documents differ that should not, in lines for people.
enum Differences {
    /// The files, and of weights the tensors, in which the model folder `found` differs from `expected`.
    static func ofModels(expected: String, found: String) -> [String] {
        do {
            let (left, right) = (try ModelDigest(folder: expected), try ModelDigest(folder: found))
            let names = Set(left.resources.map(\.name)).union(right.resources.map(\.name)).sorted()
            return names.compactMap { name -> String? in
                let digests = [left, right].map { model in model.resources.first { $0.name == name }?.digest }
                guard digests[0] != digests[1] else { return nil }
                guard digests[0] != nil else { return "\(shown(name)): not expected" }
                guard digests[1] != nil else { return "\(shown(name)): missing" }
                do {
                    return "\(shown(name)): " + (try ofFiles(Files.join(expected, name), Files.join(found, name)))
                } catch {
                    return "\(shown(name)): not laid side by side: \(Printable.quoted("\(error)", limit: 200))"
                }
            }
        } catch {
            return [Printable.quoted("\(error)", limit: 200)]
        }
    }

    /// The paths at which two JSON documents differ: the first few, and how many there are.
    static func ofDocuments(expected: [UInt8], found: [UInt8]) -> [String] {
        do {
            var places: [String] = []
            compare(try StrictJSON.parse(expected), try StrictJSON.parse(found), "", &places)
            if places.isEmpty { return ["the same values in other bytes"] }
            let rest = places.count - mostPlaces
            return places.prefix(mostPlaces) + (rest > 0 ? ["and \(rest) more"] : [])
        } catch {
            return ["no JSON document: \(error)"]
        }
    }

    private static let mostPlaces = 5
    private static let mostNames = 4
    private static let mostDimensions = 8
    private static let fileLimit = 1 << 36

    private static func ofFiles(_ expected: String, _ found: String) throws -> String {
        // One of the two is this repetition's own, so that it says how much the other may fill of the memory.
        let (size, other) = (try Files.size(expected), try Files.size(found))
        guard max(size, other) / 2 <= min(size, other) + 1 << 20 else {
            return "expected \(size) bytes, found \(other)"
        }
        if expected.hasSuffix(".safetensors"), let left = try? SafetensorsFile.load(expected),
            let right = try? SafetensorsFile.load(found)
        {
            return try ofTensors(left, right)
        }
        let (left, right) = (try Files.read(expected, limit: fileLimit), try Files.read(found, limit: fileLimit))
        let offset = zip(left, right).enumerated().first { $1.0 != $1.1 }?.offset
        let sizes = left.count == right.count ? "" : "; expected \(left.count) bytes, found \(right.count)"
        return offset.map { "byte \($0) differs" + sizes } ?? "the beginning is equal" + sizes
    }

    private static func ofTensors(_ expected: SafetensorsFile, _ found: SafetensorsFile) throws -> String {
        var first: String?
        var names: [String] = []
        for name in Set(expected.names).union(found.names).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }) {
            guard let place = try ofTensor(name, expected, found) else { continue }
            first = first ?? place
            names.append(shown(name))
        }
        guard let first else { return "the same tensors under another header" }
        let others = names.dropFirst()
        return "tensor \(names[0]): \(first)"
            + (others.isEmpty
                ? "; no other tensor differs"
                : "; with it \(others.count) more of \(expected.tensors.count) tensors differ: "
                    + others.prefix(mostNames).joined(separator: ", ") + (others.count > mostNames ? ", …" : ""))
    }

    /// Where a tensor differs, bit for bit; nil where it does not.
    private static func ofTensor(
        _ name: String, _ expected: SafetensorsFile, _ found: SafetensorsFile
    ) throws -> String? {
        guard let left = expected.tensors[name] else { return "not expected" }
        guard let right = found.tensors[name] else { return "missing" }
        guard left.type == right.type, left.shape == right.shape else {
            return "expected \(shown(left)), found \(shown(right))"
        }
        let (leftValues, rightValues) = (try expected.floats(name), try found.floats(name))
        let differing = leftValues.indices.filter { leftValues[$0].bitPattern != rightValues[$0].bitPattern }
        guard let index = differing.first else { return nil }
        return "element \(index) expected \(leftValues[index]), found \(rightValues[index]); "
            + "\(differing.count) of \(leftValues.count) elements differ"
    }

    private static func compare(_ left: JSONValue, _ right: JSONValue, _ path: String, _ places: inout [String]) {
        switch (left, right) {
        case (.object(let expected), .object(let found)):
            for name in Set(expected.keys).union(found.keys).sorted() {
                let inner = path.isEmpty ? shown(name) : "\(path).\(shown(name))"
                switch (expected[name], found[name]) {
                case (let expected?, let found?): compare(expected, found, inner, &places)
                case (nil, _): places.append("\(inner): not expected")
                case (_, nil): places.append("\(inner): missing")
                }
            }
        case (.array(let expected), .array(let found)) where expected.count == found.count:
            for index in expected.indices { compare(expected[index], found[index], "\(path)[\(index)]", &places) }
        default:
            guard left != right else { return }
            places.append("\(path): expected \(text(left)), found \(text(right))")
        }
    }

    /// A value as it is written, cut where it is long.
    private static func text(_ value: JSONValue) -> String {
        switch value {
        case .null: "null"
        case .bool(let value): "\(value)"
        case .number(let literal): String(literal.prefix(40))
        case .string(let text): Printable.quoted(text)
        case .array(let elements): "\(elements.count) elements"
        case .object: "an object"
        }
    }

    /// A name out of a file that may be anybody's: plain, or quoted and escaped.
    private static func shown(_ name: String) -> String {
        name.utf8.allSatisfy { 0x21...0x7e ~= $0 } && name.utf8.count <= 200 ? name : Printable.quoted(name)
    }
    /// A tensor's type and dimensions.
    private static func shown(_ tensor: SafetensorsFile.Tensor) -> String {
        let rest = tensor.shape.count - mostDimensions
        return "\(tensor.type.rawValue) \(Array(tensor.shape.prefix(mostDimensions)))"
            + (rest > 0 ? " and \(rest) dimensions more" : "")
    }
}
