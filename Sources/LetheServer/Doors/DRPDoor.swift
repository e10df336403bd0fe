import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService
import LetheStatements
import Synchronization

/// The door for the Data Rights Protocol 1.0: who its agents are, and which setups have been used.
final class DRPDoor: Sendable {
    let businessID: String
    private let path: String
    private let directory = Mutex<(stamp: FileStamp?, agents: AgentDirectory?)>((nil, nil))
    /// Setups that have been answered, until they expire by themselves: whoever has seen one cannot get a token of their own by it.
    private let used = Mutex<[Digest: Timestamp]>([:])

    /// How many are remembered; where more come, no new one is answered until one has expired.
    private static let mostUsed = 4_096
    /// No message counts longer.
    static let longestWindowSeconds: Int64 = 86_400

    /// Nil where the configuration has no such door.
    /// - Throws: `AgentDirectoryError`, `FileError`.
    init?(_ configuration: ServerConfiguration) throws {
        guard let business = configuration.drpBusiness, let path = configuration.drpAgents else { return nil }
        businessID = business
        self.path = path
        _ = try agents()
    }

    /// The agents, as the file says now.
    func agents() throws -> AgentDirectory {
        let stamp = FileStamp(path)
        return try directory.withLock { known in
            if let agents = known.agents, stamp != nil, known.stamp == stamp { return agents }
            let agents = try AgentDirectory(parsing: Files.read(path, limit: 1 << 24))
            known = (stamp, agents)
            return agents
        }
    }

    /// What checks messages of an agent; nil where the directory has none of this name.
    func checker(_ agent: String) throws -> DRPChecker? {
        try agents().keys[agent].map {
            DRPChecker(
                businessID: businessID, agentID: agent, agentKey: $0, maximumWindowSeconds: Self.longestWindowSeconds)
        }
    }

    /// Marks a setup as used; false where it was, or too many are remembered.
    func use(_ message: [UInt8], now: Timestamp) -> Bool {
        used.withLock { used in
            used = used.filter { now <= $0.value }
            guard used.count < Self.mostUsed else { return false }
            return used.updateValue(now.adding(seconds: Self.longestWindowSeconds), forKey: Digest(sha256: message))
                == nil
        }
    }
}
