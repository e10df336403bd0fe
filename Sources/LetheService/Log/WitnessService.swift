import LetheBytes
public import LetheLog
public import LetheStatements
import LetheStore

/// A witness with its memory: answers C2SP `add-checkpoint` requests.
public struct WitnessService: Sendable {
    /// The rules and keys.
    public let witness: Witness
    private let store: WitnessStore

    /// An answer as HTTP has it.
    public struct Answer: Sendable, Equatable {
        /// The status code.
        public let status: Int
        /// The media type of the body.
        public let contentType: String
        /// The body.
        public let body: [UInt8]
        /// What the witness' operator must hear of: a failing disk, a log that shows two histories.
        public let problem: String?
    }

    /// Opens the witness' memory in the folder `state`, or makes it where there is no such folder.
    /// - Throws: `StoreError`, `FileError`.
    public init(_ witness: Witness, state: String) throws {
        self.witness = witness
        let path = Files.join(state, "witness.sqlite")
        if !Files.exists(state) {
            try Files.createFolder(state, permissions: 0o700)
            try WitnessStore.create(path, for: witness.signer.verifier)
        }
        store = try WitnessStore.open(path, for: witness.signer.verifier)
    }

    /// Answers one request. A cosignature is returned only after what it promises is on the disk.
    public func answer(_ bytes: [UInt8], now: Timestamp) -> Answer {
        do throws(WitnessRefusal) {
            let wanted = try witness.authenticate(bytes)
            let seconds = UInt64(clamping: now.secondsSinceEpoch)
            let result: Result<WitnessedHead, WitnessRefusal>
            do throws(StoreError) {
                result = try store.replaceHead(of: wanted.checkpoint.origin, note: wanted.request.note) {
                    (head) throws(WitnessRefusal) in try witness.advance(head, to: wanted, now: seconds)
                }
            } catch {
                return Answer(
                    status: 503, contentType: "text/plain; charset=utf-8",
                    body: Array("the witness cannot write to its memory\n".utf8), problem: "\(error)")
            }
            let head = try result.get()
            return Answer(
                status: 200, contentType: "text/plain; charset=utf-8",
                body: Array(witness.cosign(wanted, head: head).line.utf8), problem: nil)
        } catch {
            var problem: String?
            if case .splitView = error { problem = "a log shows two histories: \(error)" }
            return Answer(
                status: error.status, contentType: error.contentType, body: Array(error.body.utf8), problem: problem)
        }
    }
}
