import ArgumentParser
import LetheBytes
import LetheMachine
import LetheRequests
import LetheService

/// The formats of requests, as they are called on the command line.
enum FormatName: String, ExpressibleByArgument, CaseIterable {
    case native, drp, opendsr

    /// The format that the name means.
    var format: RequestFormat {
        switch self {
        case .native: .native
        case .drp: .drp
        case .opendsr: .opendsr
        }
    }
}

/// What a request in another format needs besides its bytes.
struct DoorOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("drp, opendsr: whom the claims mean, the user's number in the data set.", valueName: "id"))
    var subject: String?

    @Option(name: .long, help: ArgumentHelp("drp: this business's id in the service directory.", valueName: "id"))
    var business: String?

    @Option(name: .long, help: ArgumentHelp("drp: the agent that presents the request.", valueName: "id"))
    var agent: String?

    @Option(name: .long, help: ArgumentHelp("drp: the agents of the service directory, JSON.", valueName: "file"))
    var agents: String?

    /// Refuses options that the format does not have, and a DRP request without its three.
    func validate(for format: FormatName) throws {
        let forDRP = [("--business", business), ("--agent", agent), ("--agents", agents)]
        for (name, value) in forDRP where (value == nil) == (format == .drp) {
            throw ValidationError(
                "--format \(format.rawValue): " + (format == .drp ? "needs \(name)" : "has no \(name)"))
        }
        guard format != .native || subject == nil else {
            throw ValidationError("--format native: has no --subject; the request names it")
        }
    }

    func door(for format: FormatName) throws -> RequestDoor {
        guard let business, let agent, let agents else { return .opendsr }
        do {
            return .drp(
                businessID: business, agentID: agent,
                agents: try AgentDirectory(parsing: Files.read(agents, limit: 1 << 24)))
        } catch let error as AgentDirectoryError { throw InputError("\(agents): \(error)") }
    }
}
