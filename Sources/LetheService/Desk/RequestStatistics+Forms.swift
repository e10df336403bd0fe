public import LetheBytes
import LetheReports
public import LetheRequests

extension RequestStatistics {
    /// Every figure with its name, in a fixed order; those of 11 CCR 7102(a) first.
    var figures: [(name: String, value: CsvTable.Cell)] {
        [
            ("received", .number(received)), ("complied", .number(complied)), ("denied", .number(denied)),
            ("denied_not_verifiable", .number(deniedNotVerifiable)), ("denied_exempt", .number(deniedExempt)),
            ("denied_other_grounds", .number(deniedOnOtherGrounds)), ("median_days", .init(medianDays)),
            ("mean_days", .init(meanDays)), ("answered_late", .number(answeredLate)), ("extended", .number(extended)),
            ("expired", .number(expired)), ("withdrawn", .number(withdrawn)), ("duplicates", .number(duplicates)),
            ("open", .number(open)), ("overdue", .number(overdue)),
        ]
    }

    /// One row a figure, columns `figure` and `value`; refusals by ground as `refused:GROUND`, requests turned away as
    /// `turned_away:FORMAT:CAUSE`.
    public var csv: String {
        var table = CsvTable(columns: ["figure", "value"])
        table.add([.text("first_day"), .text("\(period.first)")])
        table.add([.text("last_day"), .text("\(period.last)")])
        table.add([.text("as_of"), .text("\(asOf)")])
        table.add([.text("regulation"), .text(regulation?.rawValue ?? "all")])
        for figure in figures { table.add([.text(figure.name), figure.value]) }
        for ground in RefusalGround.allCases {
            guard let count = refusals[ground] else { continue }
            table.add([.text("refused:\(ground.rawValue)"), .number(count)])
        }
        for refusal in turnedAway {
            table.add([.text("turned_away:\(refusal.door.rawValue):\(refusal.cause)"), .number(refusal.count)])
        }
        return table.text
    }

    /// The same as one JSON object, numbers as strings; a figure that there is nothing to compute from is left out.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "firstDay": .string("\(period.first)"), "lastDay": .string("\(period.last)"), "asOf": .string("\(asOf)"),
            "regulation": .string(regulation?.rawValue ?? "all"),
        ]
        for (name, value) in figures {
            switch value {
            case .text(let text): members[Self.camelCase(name)] = .string(text)
            case .number(let number): members[Self.camelCase(name)] = .string("\(number)")
            case .empty: break
            }
        }
        members["refusedByGround"] = .object(
            Dictionary(uniqueKeysWithValues: refusals.map { ($0.key.rawValue, .string("\($0.value)")) }))
        members["turnedAway"] = .array(
            turnedAway.map {
                [
                    "format": .string($0.door.rawValue), "cause": .string($0.cause), "count": .string("\($0.count)"),
                ]
            })
        return .object(members)
    }

    private static func camelCase(_ name: String) -> String {
        let words = name.split(separator: "_")
        return words[0] + words.dropFirst().map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}
