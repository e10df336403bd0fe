import Glibc
import LetheBytes
import LetheService
import Synchronization

/// What a worker tells of a job: one JSON object a line, appended. Servers read it as it grows.
///
/// No personal data: stages, units and losses. A file that has reached its limit grows no more.
final class ProgressFile {
    private let descriptor: Int32
    private var size: Int

    init(_ path: String) throws {
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw FileError.system(operation: "open", path: path, errno: errno) }
        size = try Files.size(path)
    }

    deinit { close(descriptor) }

    /// Appends what happened.
    func write(_ progress: ServiceProgress) {
        guard let line = try? Self.json(progress).canonicalBytes() + [0x0A],
            size + line.count <= JobFolder.progressLimit
        else { return }
        // One write, so that a reader sees whole lines; what is lost to a full disk is only news.
        size += max(0, Glibc.write(descriptor, line, line.count))
    }

    static func json(_ progress: ServiceProgress) -> JSONValue {
        switch progress {
        case .began(let stage, let units): ["event": "began", "stage": .string(stage), "units": .string("\(units)")]
        case .advanced(let units): ["event": "advanced", "units": .string("\(units)")]
        case .resumed(let steps, let epochs):
            ["event": "resumed", "steps": .string("\(steps)"), "epochs": .string("\(epochs)")]
        case .ended: ["event": "ended"]
        case .notice(let text): ["event": "notice", "text": .string(text)]
        case .epoch(let number, let training, let validation):
            JSONValue.object([
                "event": "epoch", "number": .string("\(number)"), "trainingLoss": .string("\(training)"),
            ]).adding(validation.map { ["validationLoss": .string("\($0)")] } ?? [:])
        }
    }
}
