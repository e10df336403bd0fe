import GRDB
import LetheLog
import LetheRequests
import LetheStatements

/// How far behind the newest entry an event may be: clocks of two processes and their corrections differ by seconds.
public enum LedgerClock {
    /// Seconds.
    public static let toleranceSeconds: Int64 = 60
}

extension LedgerTables {
    /// Writes the units that follow from what is there; see `LedgerStore.append(_:expectedSize:signer:)`.
    func append(_ units: [LedgerUnit], at size: UInt64) throws -> (outcomes: [UnitOutcome], head: CompactRange) {
        var head = try frontier(at: size)
        let before = try state(for: units.flatMap { $0.events.compactMap(\.self) })
        var state = before
        var newest = try newestTime(before: size)
        var accepted: [Int: Range<UInt64>] = [:]
        var refused: [Int: StoreError] = [:]
        for (number, unit) in units.enumerated() {
            do throws(StoreError) {
                let time = try requireForward(unit, from: newest)
                try checkVault(of: unit)
                do { try state.apply(unit.events, from: head.size) } catch {
                    throw .entryRefused(position: error.position, .replay(error.reason))
                }
                newest = time
            } catch {
                refused[number] = error
                continue
            }
            let first = head.size
            for entry in unit.entries { try insert(entry, at: head.size, into: &head) }
            try writeVault(of: unit)
            accepted[number] = first..<head.size
        }
        try write(state, changedSince: before)
        let outcomes = units.indices.map { number in
            accepted[number].map { indexes in
                UnitOutcome.appended(indexes, requests: units[number].requests.compactMap { state.requests[$0] })
            } ?? .refused(refused[number] ?? .corrupt(detail: "a unit without an outcome"))
        }
        return (outcomes, head)
    }

    /// The time of the last entry that states one.
    func newestTime(before size: UInt64) throws -> Timestamp? {
        // Certificates and results state theirs in other words; they never stand in long rows without an event after them.
        for index in stride(from: size, to: size - min(size, 1_024), by: -1) {
            if let event = try? EntryContent(entry(index - 1)).event { return event.at }
        }
        return nil
    }

    /// Refuses a unit from before the newest entry. Only a key event, which the root key signs, may set the time back: that is
    /// how a log recovers from a clock that ran ahead.
    /// - Returns: the newest time after the unit.
    private func requireForward(_ unit: LedgerUnit, from newest: Timestamp?) throws(StoreError) -> Timestamp? {
        var newest = newest
        for (position, event) in unit.events.enumerated() {
            guard let event else { continue }
            if case .key = event {
                newest = event.at
            } else if let known = newest, event.at < known.adding(seconds: -LedgerClock.toleranceSeconds) {
                throw .entryRefused(position: position, .clockWentBack(newest: known, found: event.at))
            } else {
                newest = max(newest ?? event.at, event.at)
            }
        }
        return newest
    }
}

extension LedgerUnit {
    /// Whether it destroys a key.
    var shreds: Bool { events.contains { if case .shred = $0 { true } else { false } } }

    /// The requests that its events concern, each once.
    var requests: [RequestID] {
        var ids: [RequestID] = []
        for event in events {
            switch event {
            case .request(let event) where !ids.contains(event.requestID): ids.append(event.requestID)
            case .shred(let event) where !ids.contains(event.requestID): ids.append(event.requestID)
            default: break
            }
        }
        return ids
    }
}

extension UnitOutcome {
    var isAppended: Bool { if case .appended = self { true } else { false } }
}
