import LetheCrypto
import LetheLog

/// What the stored timestamps establish about the stored checkpoints.
struct StampedCheckpoints {
    /// Sizes of checkpoints that a trusted authority stamped, with the times in seconds since 1970.
    var good: [UInt64: [Int64]] = [:]
    /// Timestamps by authorities that the auditor was not given: whole, but nobody's word.
    var unknownCount = 0
}

extension AuditPass {
    /// Every stored timestamp belongs to a stored checkpoint, stamps that checkpoint's text, and is whole; where its authority is
    /// trusted, it counts.
    mutating func checkTimestamps() throws {
        let rows = try Cells.fetch(
            db, "SELECT size, CAST(authority AS BLOB), response FROM timestamps ORDER BY size, authority")
        for row in rows {
            let place = AuditFinding.Place.timestamp(size: row[0].text, authority: row[1].excerpt)
            guard let size = row[0].unsigned, let stored = try? tables.checkpoint(size: size), stored.size == size
            else {
                report(place, "size", expected: "that of a stored checkpoint", found: row[0].text)
                continue
            }
            let covered = size > 0 && size <= range.size ? size - 1 : nil
            let imprint = LedgerStore.timestampImprint(ofCheckpoint: stored.note.text)
            let response = row[2].blob ?? []
            let own: VerifiedTimestamp
            do {
                guard let signer = try TimestampResponse(der: response).signer else {
                    throw TimestampError.refused("it does not carry its signer's certificate")
                }
                own = try signer.verify(response, imprint: imprint)
            } catch {
                report(
                    place, entry: covered, "response", expected: "a timestamp of this checkpoint's text",
                    found: "\(error)")
                continue
            }
            if row[1] != .text(own.authority.hex) {
                report(
                    place, entry: covered, "authority", expected: "\(own.authority.hex), which signed it",
                    found: row[1].excerpt)
            } else if trust.timestampAuthorities.contains(where: {
                (try? $0.verify(response, imprint: imprint)) == own
            }) {
                stamped.good[size, default: []].append(own.seconds)
            } else {
                stamped.unknownCount += 1
            }
        }
    }
}
