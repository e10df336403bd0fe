import Hummingbird
import LetheBytes
import Synchronization

/// Reads the file of a job as it grows and sends each whole line as an event.
struct ProgressStream: Sendable {
    let services: Services
    let id: String

    /// How often the file is looked at.
    private static let interval = Duration.milliseconds(500)
    /// After so many looks without news something is sent, so that a peer that is gone is noticed.
    private static let quietLooks = 20

    func write(to writer: inout any ResponseBodyWriter) async throws {
        var sent = 0
        var quiet = 0
        while !Task.isCancelled {
            let (services, id, start) = (services, id, sent)
            let (job, news) = try await services.pool.read { _ in
                let job = try services.jobs.job(id)
                let path = services.jobs.progressFile(id)
                let bytes = Files.exists(path) ? try Files.read(path, limit: JobFolder.progressLimit + 1) : []
                let end = bytes.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
                return (job, Array(bytes[min(start, end)..<end]))
            }
            sent += news.count
            if !news.isEmpty {
                var text: [UInt8] = []
                for line in news.split(separator: 0x0A) { text += Self.event("progress", line) }
                try await writer.write(ByteBuffer(bytes: text))
                quiet = 0
            }
            if job.state.isFinal || services.isEnding.load(ordering: .relaxed) {
                return try await writer.write(
                    ByteBuffer(bytes: Self.event("job", try job.json.canonicalBytes()[...])))
            }
            quiet += 1
            if quiet >= Self.quietLooks {
                try await writer.write(ByteBuffer(string: ": still there\n\n"))
                quiet = 0
            }
            try await Task.sleep(for: Self.interval)
        }
    }

    private static func event(_ name: String, _ data: ArraySlice<UInt8>) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + data + Array("\n\n".utf8)
    }
}
