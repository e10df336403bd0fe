import LetheBytes
public import LetheCrypto
import LetheTransformer

/// Training states as sealed files: `<stage>.state` in one folder, or one file of a given path.
///
/// A file is the line `lethe training state v2`, the 32 bytes of its identity, and AES-256-GCM boxes of at most a mebibyte, each
/// after its length as four little-endian bytes. A box is bound to the identity, to its place, and to whether it is the last, so that a
/// file with any other bit, or cut at any place, does not open. Once the key is destroyed, nothing of what was learned can be read.
public struct SealedStates: TrainingStateStore {
    /// The folder; or the file, where there is one stage only.
    public let path: String
    private let isFolder: Bool
    private let key: [UInt8]?

    /// States in a folder, under a key of 32 bytes.
    public init(folder path: String, key: [UInt8]) {
        self.path = path
        isFolder = true
        self.key = key
    }

    /// The state of one stage in one file, without a secret: it is sealed under its identity, which only proves that it is whole.
    public init(file path: String) {
        self.path = path
        isFolder = false
        key = nil
    }

    private static let magic = Array("lethe training state v2\n".utf8)
    private static let boxSize = 1 << 20

    /// The file of a stage.
    public func file(_ stage: String) -> String {
        guard isFolder else { return path }
        let name = stage.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "-" }
        return Files.join(path, String(name) + ".state")
    }

    /// Reads the state of a stage.
    /// - Throws: `TrainingStateError`, and `FileError` where the file cannot be read.
    public func load(_ stage: String, identity: Digest) throws -> TrainingState? {
        let path = file(stage)
        guard Files.exists(path) else { return nil }
        let bytes = try Files.read(path, limit: 1 << 38)
        func damaged(_ problem: String) -> TrainingStateError { .damaged(path: path, problem: problem) }
        let start = Self.magic.count + Digest.byteCount
        guard bytes.count >= start else { throw damaged("truncated after \(bytes.count) bytes") }
        guard bytes.starts(with: Self.magic) else { throw damaged("it does not begin as one of version 2") }
        guard bytes[Self.magic.count..<start].elementsEqual(identity.bytes) else {
            throw TrainingStateError.foreign(path: path)
        }
        var place = start
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var number = 0
        while place < bytes.count {
            guard place + 4 <= bytes.count else { throw damaged("truncated after \(bytes.count) bytes") }
            let length = (0..<4).reduce(0) { $0 | Int(bytes[place + $1]) << (8 * $1) }
            place += 4
            guard length <= bytes.count - place else { throw damaged("truncated after \(bytes.count) bytes") }
            let context = Self.context(identity, number, isLast: place + length == bytes.count)
            do {
                plain += try AESGCM.open(
                    Array(bytes[place..<place + length]), key: key ?? identity.bytes, additionalData: context)
            } catch {
                throw damaged("it is not what was written, or its key is another")
            }
            place += length
            number += 1
        }
        guard number > 0, let state = TrainingState(plain) else { throw damaged("it holds no state") }
        return state
    }

    /// Writes the state of a stage: complete and on the disk before it has its name.
    public func save(_ state: TrainingState, of stage: String, identity: Digest) throws {
        let writer = try AtomicFileWriter(path: file(stage), permissions: 0o600)
        try writer.write(Self.magic + identity.bytes)
        let plain = state.bytes
        for (number, start) in stride(from: 0, to: plain.count, by: Self.boxSize).enumerated() {
            let end = min(start + Self.boxSize, plain.count)
            let box = try AESGCM.seal(
                Array(plain[start..<end]), key: key ?? identity.bytes,
                additionalData: Self.context(identity, number, isLast: end == plain.count))
            try writer.write((0..<4).map { UInt8(truncatingIfNeeded: box.count >> (8 * $0)) } + box)
        }
        try writer.commit()
    }

    private static func context(_ identity: Digest, _ number: Int, isLast: Bool) -> [UInt8] {
        identity.bytes + Array("\(number) \(isLast)".utf8)
    }
}

extension TrainingState {
    /// Counts and scalars as 64-bit words, then the numbers; all little-endian, as every supported machine is.
    fileprivate var bytes: [UInt8] {
        let kept = best?.memory ?? Memory(values: [])
        var words = [
            UInt64(steps), lossSum.bitPattern, isFinished ? 1 : 0, UInt64(epochs.count), best == nil ? 0 : 1,
            (best?.loss ?? 0).bitPattern, UInt64(best?.epoch ?? 0),
        ]
        for memory in [memory, kept] {
            words += [
                UInt64(memory.optimizer.steps), UInt64(memory.values.count), UInt64(memory.optimizer.first.count),
                UInt64(memory.optimizer.second.count), UInt64(memory.doubles.count),
            ]
        }
        words.append(UInt64(trace.count))
        for epoch in epochs {
            words += [
                UInt64(epoch.number), epoch.trainingLoss.bitPattern, epoch.validationLoss == nil ? 0 : 1,
                (epoch.validationLoss ?? 0).bitPattern,
            ]
        }
        var bytes = Self.raw(words)
        for point in trace { bytes += Self.raw([UInt64(point.step)]) + point.digest.bytes }
        for memory in [memory, kept] {
            for floats in [memory.values, memory.optimizer.first, memory.optimizer.second] { bytes += Self.raw(floats) }
            bytes += Self.raw(memory.doubles)
        }
        return bytes
    }

    /// Reads what `bytes` wrote; nil for anything else.
    fileprivate init?(_ bytes: [UInt8]) {
        var place = 0
        func take<Number: BitwiseCopyable>(_ count: Int, _ zero: Number) -> [Number]? {
            let size = MemoryLayout<Number>.size
            guard count >= 0, count <= (bytes.count - place) / size else { return nil }
            defer { place += count * size }
            return bytes[place..<place + count * size].withUnsafeBytes { source in
                [Number](unsafeUninitializedCapacity: count) { target, written in
                    UnsafeMutableRawBufferPointer(target).copyMemory(from: source)
                    written = count
                }
            }
        }
        // No count is near 2^48: a larger one was not written here, and whoever counts on from it would overflow.
        func integer(_ word: UInt64) -> Int { word < 1 << 48 ? Int(word) : -1 }
        guard let head = take(18, UInt64(0)), let rows = take(4 * min(integer(head[3]), bytes.count), UInt64(0)),
            let points = take(Self.pointSize * min(integer(head[17]), bytes.count), UInt8(0))
        else { return nil }
        var memories: [Memory] = []
        for counts in [head[7..<12], head[12..<17]] {
            let counts = counts.map(integer)
            guard counts[0] >= 0, let values = take(counts[1], Float(0)), let first = take(counts[2], Float(0)),
                let second = take(counts[3], Float(0)), let doubles = take(counts[4], 0.0)
            else { return nil }
            memories.append(
                Memory(
                    values: values, optimizer: OptimizerState(steps: counts[0], first: first, second: second),
                    doubles: doubles))
        }
        guard place == bytes.count, integer(head[0]) >= 0 else { return nil }
        self.init(memory: memories[0])
        steps = integer(head[0])
        lossSum = Double(bitPattern: head[1])
        isFinished = head[2] == 1
        if head[4] == 1 {
            best = Best(memory: memories[1], loss: Double(bitPattern: head[5]), epoch: integer(head[6]))
        }
        epochs = stride(from: 0, to: rows.count, by: 4).map {
            TrainedEpoch(
                number: integer(rows[$0]), trainingLoss: Double(bitPattern: rows[$0 + 1]),
                validationLoss: rows[$0 + 2] == 1 ? Double(bitPattern: rows[$0 + 3]) : nil)
        }
        for start in stride(from: 0, to: points.count, by: Self.pointSize) {
            let step = points[start..<start + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard integer(step) >= 0, let digest = try? Digest(bytes: points[start + 8..<start + Self.pointSize]) else {
                return nil
            }
            trace.append(TracePoint(step: integer(step), digest: digest))
        }
    }

    /// The bytes of a point of the trace: its step and its digest.
    private static let pointSize = 8 + Digest.byteCount

    private static func raw<Number: BitwiseCopyable>(_ numbers: [Number]) -> [UInt8] {
        numbers.withUnsafeBytes { Array($0) }
    }
}
