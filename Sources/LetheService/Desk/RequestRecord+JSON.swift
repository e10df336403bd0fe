package import LetheBytes
import LetheCrypto
package import LetheRequests

// The forms in which programs are told of requests: the same ones from the command line and from the server.

extension RequestRecord {
    /// The request as the log has it: no personal data.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "requestId": .string(requestID.text), "state": .string(state.name),
            "regulation": .string(lifecycle.regulation.rawValue), "receivedAt": .string("\(receivedAt)"),
            "due": .string("\(due)"), "receivedEntry": .string("\(receivedIndex)"),
            "subjectCommitment": .string(subjectCommitment.hex),
        ]
        if lifecycle.isExtended { members["extended"] = true }
        switch state {
        case .refused(let ground): members["ground"] = .string(ground.rawValue)
        case .duplicate(let original): members["duplicateOf"] = .string(original.text)
        default: break
        }
        members["certificateEntry"] = certificateIndex.map { .string("\($0)") }
        members["shreddedEntry"] = shreddedIndex.map { .string("\($0)") }
        return .object(members)
    }

    /// The same with what the day makes of it.
    package func json(in list: RequestList) -> JSONValue {
        let (alert, today) = (list.alert(of: self), list.today)
        var members: [String: JSONValue] = ["alert": .string(alert.rawValue), "colour": .string(alert.colour)]
        members["nextDeadline"] = nextDeadline.map { .string("\($0)") }
        members["daysLeft"] = daysLeft(on: today).map { .string("\($0)") }
        return json.adding(members)
    }
}

extension RecipientStanding {
    /// For programs.
    package var json: JSONValue {
        var members: [String: JSONValue] = [
            "recipient": .string(name), "outcome": .string(word), "attempts": .string("\(attempts)"),
        ]
        members["at"] = at.map { .string("\($0)") }
        members["entry"] = entry.map { .string("\($0)") }
        if !problem.isEmpty { members["problem"] = .string(problem) }
        return .object(members)
    }
}

extension JSONValue {
    /// This object with more members.
    package func adding(_ members: [String: JSONValue]) -> JSONValue {
        .object((objectValue ?? [:]).merging(members) { _, new in new })
    }

    /// A request's object with the names of the recipients that were not told; as it is where there are none.
    package func adding(partial: [RecipientStanding]) -> JSONValue {
        partial.isEmpty ? self : adding(["recipientsNotTold": .array(partial.map { .string($0.name) })])
    }

    /// A request's object with where each recipient stands; as it is where there are none.
    package func adding(recipients: [RecipientStanding]) -> JSONValue {
        recipients.isEmpty ? self : adding(["recipients": .array(recipients.map(\.json))])
    }
}
