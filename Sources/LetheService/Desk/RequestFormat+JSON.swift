package import LetheBytes
package import LetheRequests

extension RequestFormat {
    /// The status of a request in the format's own words; nil for Lethe's own, which has no such document.
    package func status(of record: RequestRecord, from workspace: Workspace) -> JSONValue? {
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
    package func answer(to received: ForeignReception, from workspace: Workspace) -> JSONValue {
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
