import ArgumentParser
import LetheBytes
import LetheRequests
import LetheService

/// The formats of requests, as they are called on the command line.
enum FormatName: String, ExpressibleByArgument, CaseIterable {
    case native, drp, opendsr

    /// The status of a request in the format's own words; nil for Lethe's own, which has no such document.
    func status(of record: RequestRecord, from workspace: Workspace) -> JSONValue? {
        let expectedBy = JSONValue.string("\(workspace.endOfDue(of: record))")
        switch self {
        case .native: return nil
        case .drp:
            let status = DRPStatus(record.state)
            var members: [String: JSONValue] = [
                "request_id": .string(record.requestID.text), "received_at": .string("\(record.receivedAt)"),
                "expected_by": expectedBy, "status": .string(status.status.rawValue),
            ]
            members["reason"] = status.reason.map { .string($0.rawValue) }
            switch record.state {
            case .refused(let ground): members["processing_details"] = .string(ground.citation)
            case .duplicate(let original): members["processing_details"] = .string("handled as request \(original)")
            default: break
            }
            return .object(members)
        case .opendsr:
            return [
                "controller_id": .string(workspace.origin), "expected_completion_time": expectedBy,
                "subject_request_id": .string(record.requestID.text),
                "request_status": .string(OpenDSRStatus(record.state).rawValue), "api_version": "2.0",
            ]
        }
    }

    /// What the sender of a request is answered.
    func answer(to received: ForeignReception, from workspace: Workspace) -> JSONValue {
        let record = received.record
        switch self {
        case .native: return .null
        case .drp:
            return (status(of: record, from: workspace) ?? .null)
                .adding(["agent_request_id": .string(received.request.reference)])
        case .opendsr:
            return [
                "controller_id": .string(workspace.origin),
                "expected_completion_time": .string("\(workspace.endOfDue(of: record))"),
                "received_time": .string("\(record.receivedAt)"),
                "encoded_request": .string(Base64.encode(received.request.rawBytes)),
                "subject_request_id": .string(record.requestID.text),
            ]
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
