import LetheBytes
public import LetheCrypto
import LetheTransformer

/// Keeps checkpoints as safetensors files: `<lineage>/<shard>-<slice>-<digest>.safetensors` below one folder.
///
/// Tensors: `values`, `first_moments`, `second_moments`, and the integers `state` (optimiser steps, passes).
public struct CheckpointFolder: CheckpointStore {
    /// The folder; made when the first checkpoint is kept.
    public let path: String

    /// Checkpoints below this folder.
    public init(path: String) { self.path = path }

    /// Reads the checkpoint of this key.
    /// - Throws: `UnlearningError.damaged` for a file that is not one of `count` numbers, `FileError` where it cannot be read.
    public func load(_ key: CheckpointKey, count: Int) throws -> SliceCheckpoint? {
        let file = Files.join(folder(key.lineage), name(key))
        return Files.exists(file) ? try read(file, count: count) : nil
    }

    /// Writes the checkpoint atomically.
    public func save(_ checkpoint: SliceCheckpoint, for key: CheckpointKey) throws {
        if !Files.exists(path) { try Files.createFolder(path) }
        if !Files.exists(folder(key.lineage)) { try Files.createFolder(folder(key.lineage)) }
        func floats(_ name: String, _ values: [Float]) -> Safetensors.Entry {
            Safetensors.Entry(name: name, shape: [values.count], floats: values)
        }
        try Safetensors.write(
            [
                floats("values", checkpoint.values), floats("first_moments", checkpoint.optimizer.first),
                floats("second_moments", checkpoint.optimizer.second),
                Safetensors.Entry(
                    name: "state", shape: [2],
                    int64s: [Int64(checkpoint.optimizer.steps), Int64(checkpoint.passes)]),
            ], to: Files.join(folder(key.lineage), name(key)))
    }

    /// Removes the files of what is not live.
    public func destroy(lineage: Digest, except live: Set<CheckpointKey>) throws -> [SliceCheckpoint] {
        guard Files.exists(folder(lineage)) else { return [] }
        let kept = Set(live.map(name))
        var destroyed: [SliceCheckpoint] = []
        for name in try Files.names(in: folder(lineage)).sorted() where !kept.contains(name) {
            let file = Files.join(folder(lineage), name)
            // A damaged one goes all the same: nothing of it can be named any more.
            if let checkpoint = try? read(file, count: nil) { destroyed.append(checkpoint) }
            try Files.remove(file)
        }
        return destroyed
    }

    private func folder(_ lineage: Digest) -> String { Files.join(path, lineage.hex) }

    private func name(_ key: CheckpointKey) -> String { "\(key.shard)-\(key.slice)-\(key.digest.hex).safetensors" }

    private func read(_ path: String, count: Int?) throws -> SliceCheckpoint {
        let file = try SafetensorsFile.load(path)
        do {
            let count = try count ?? file.tensor("values").count
            let state = try file.int64s("state")
            guard state.count == 2, let steps = Int(exactly: state[0]), let passes = Int(exactly: state[1]), steps >= 0,
                passes >= 0
            else { throw UnlearningError.damaged(path: path, problem: "its state is not two counts") }
            return SliceCheckpoint(
                values: try file.floats("values", shape: [count]),
                optimizer: OptimizerState(
                    steps: steps, first: try file.floats("first_moments", shape: [count]),
                    second: try file.floats("second_moments", shape: [count])), passes: passes)
        } catch let error as SafetensorsError {
            throw UnlearningError.damaged(path: path, problem: "\(error)")
        }
    }
}
