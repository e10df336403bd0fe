package import LetheBytes
package import LetheRequests

extension Proposal {
    /// What a program is told of it.
    package var json: JSONValue {
        [
            "requestId": .string(requestID.text), "decision": .string(kind.rawValue), "at": .string("\(at)"),
            "proposer": .string(proposer), "asOf": .string("\(asOf)"),
        ]
    }
}

extension Rejection {
    /// What a program is told of it.
    package var json: JSONValue {
        [
            "requestId": .string(requestID.text), "decision": .string(kind.rawValue), "at": .string("\(proposedAt)"),
            "proposer": .string(proposer), "rejected": true, "rejectedAt": .string("\(at)"),
            "rejectedBy": .string(rejecter),
        ]
    }
}
