import LetheBytes
import LetheCrypto
import LetheUnlearning

/// What learned in a computation's trainings, by its digest every so many steps: a file of a run's folder whose own digest is in the log.
///
/// A repetition that comes to another model is seen to part from the run between two of these steps.
struct Trajectory: Equatable {
    /// Steps from one digest to the next; every stage has one at its end too.
    static let interval = 100
    /// The file of the trainings that made the candidate.
    static let candidateFile = "trajectory.json"
    /// The file of the references' trainings.
    static let referencesFile = "trajectory-references.json"

    /// The member of a run's event that commits to a file.
    static let member = "trajectory"
    /// Half a million digests: trainings of fifty million steps.
    private static let limit = 1 << 26

    let stages: [TrainingSession.TracedStage]

    /// What a session has noted.
    init(_ session: TrainingSession) { stages = session.trace }

    init(stages: [TrainingSession.TracedStage]) { self.stages = stages }

    /// The member of a run's event that commits to a file of this digest.
    static func extra(_ digest: Digest) -> [String: JSONValue] { [member: .string(digest.hex)] }

    /// Canonical JSON, and a newline.
    func bytes() throws(JSONError) -> [UInt8] {
        let stages = stages.map { stage -> JSONValue in
            [
                "stage": .string(stage.stage),
                "points": .array(
                    stage.points.map { ["step": .string("\($0.step)"), "sha256": .string($0.digest.hex)] }),
            ]
        }
        return try JSONValue.array(stages).canonicalBytes() + [0x0A]
    }

    /// Writes the file and returns its digest.
    func write(to folder: String, as name: String) throws -> Digest {
        let bytes = try bytes()
        try Files.write(bytes, to: Files.join(folder, name))
        return Digest(sha256: bytes)
    }

    /// Reads what `bytes` wrote; nil for anything else.
    init?(_ bytes: [UInt8]) {
        guard let list = (try? StrictJSON.parse(bytes))?.arrayValue else { return nil }
        var stages: [TrainingSession.TracedStage] = []
        var names: Set<String> = []
        for item in list {
            // Named twice, a stage would be laid beside the repetition as often as a hostile file likes.
            guard let name = item["stage"]?.stringValue, let points = item["points"]?.arrayValue,
                names.insert(name).inserted
            else { return nil }
            let read = points.compactMap { point -> TrainingState.TracePoint? in
                guard let step = point["step"]?.stringValue.flatMap(Int.init),
                    let digest = point["sha256"]?.stringValue.flatMap({ try? Digest(hex: $0) })
                else { return nil }
                return TrainingState.TracePoint(step: step, digest: digest)
            }
            guard read.count == points.count else { return nil }
            stages.append(.init(stage: name, points: read))
        }
        self.init(stages: stages)
    }

    /// The file of a run's folder as it is there; nil where it cannot be read.
    static func stored(in folder: String, as name: String) -> [UInt8]? {
        try? Files.read(Files.join(folder, name), limit: limit)
    }

    /// The stages of `other`, in its order, as they were here: shards that had a checkpoint were not trained there.
    func restricted(to other: Trajectory) -> Trajectory {
        Trajectory(
            stages: other.stages.compactMap { expected in stages.first { $0.stage == expected.stage } })
    }

    /// Where `repeated` parts from this: the first stage and step, and the last step before that is equal.
    func parting(from repeated: Trajectory) -> String? {
        for expected in stages {
            let name = Printable.quoted(expected.stage)
            guard let found = repeated.stages.first(where: { $0.stage == expected.stage }) else {
                return "stage \(name): not repeated"
            }
            for (index, point) in expected.points.enumerated() {
                let last = index == 0 ? 0 : expected.points[index - 1].step
                guard found.points.indices.contains(index) else {
                    return "stage \(name): ends before step \(point.step)"
                }
                if found.points[index] != point {
                    let isEnd = index == expected.points.count - 1
                    return found.points[index].step == point.step
                        ? "stage \(name): equal after step \(last), differs "
                            + (isEnd ? "at its end, step \(point.step)" : "after step \(point.step)")
                        : "stage \(name): step \(found.points[index].step) where step \(point.step) is expected"
                }
            }
            guard found.points.count == expected.points.count else { return "stage \(name): goes on longer" }
        }
        return nil
    }
}
