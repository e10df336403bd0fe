import GRDB
public import LetheCrypto
import LetheLog

extension LedgerStore {
    /// A timestamp as it is stored.
    public struct StoredTimestamp: Sendable, Equatable {
        /// SHA-256 of the certificate that signed it.
        public let authority: Digest
        /// The response, DER: what `openssl ts -verify -in` reads.
        public let response: [UInt8]
    }

    /// What an authority stamps: SHA-256 of a checkpoint's signed text.
    public static func timestampImprint(ofCheckpoint text: String) -> Digest { Digest(sha256: Array(text.utf8)) }

    /// Stores a timestamp of the checkpoint over `size` entries.
    ///
    /// The first that an authority gave is kept, so storing again changes nothing.
    /// - Parameter nonce: that of the query.
    /// - Throws: `.noSuchCheckpoint`; `.timestampRefused` where it does not verify under any of `authorities`.
    @discardableResult
    public func addTimestamp(
        _ response: [UInt8], size: UInt64, nonce: [UInt8]?, authorities: [TimestampAuthority]
    ) throws(StoreError) -> VerifiedTimestamp {
        try write { tables in
            guard let stored = try tables.checkpoint(size: size) else { throw StoreError.noSuchCheckpoint(size: size) }
            let imprint = Self.timestampImprint(ofCheckpoint: stored.note.text)
            var problem = "no authority is trusted"
            for authority in authorities {
                do {
                    let timestamp = try authority.verify(response, imprint: imprint, nonce: nonce)
                    try Cells.run(
                        tables.db,
                        """
                        INSERT INTO timestamps (size, authority, response) VALUES (?, CAST(? AS TEXT), ?)
                        ON CONFLICT DO NOTHING
                        """, [.position(size), .text(timestamp.authority.hex), .bytes(response)])
                    return timestamp
                } catch let error as TimestampingError { problem = "\(error)" }
            }
            throw StoreError.timestampRefused(size: size, detail: problem)
        }
    }

    /// The size of the stored checkpoint whose text has this digest; nil where none has.
    /// - Complexity: reads checkpoints from the newest on until it is found.
    public func checkpointSize(stampedAs imprint: Digest) throws(StoreError) -> UInt64? {
        try read { tables in
            var size = try tables.lastCheckpoint()?.size
            while let current = size {
                guard let stored = try tables.checkpoint(size: current) else { return nil }
                if Self.timestampImprint(ofCheckpoint: stored.note.text) == imprint { return current }
                size = try Cells.fetch(
                    tables.db, "SELECT max(size) FROM checkpoints WHERE size < ?", [Int64(clamping: current)]
                ).first?.first?.unsigned
            }
            return nil
        }
    }

    /// The timestamps of the checkpoint over `size` entries, in the order of their authorities.
    /// - Throws: `.corrupt` for a row that names no authority.
    public func timestamps(size: UInt64) throws(StoreError) -> [StoredTimestamp] {
        try read { try $0.timestamps(size: size) }
    }
}

extension LedgerTables {
    /// The timestamps of the checkpoint over `size` entries, in the order of their authorities.
    func timestamps(size: UInt64) throws -> [LedgerStore.StoredTimestamp] {
        try Cells.fetch(
            db, "SELECT CAST(authority AS BLOB), response FROM timestamps WHERE size = ? ORDER BY authority",
            [.position(size)]
        ).map { row in
            guard let authority = row[0].string.flatMap({ try? Digest(hex: $0) }), let response = row[1].blob else {
                throw StoreError.corrupt(detail: "timestamps: row \(size), \(row[0].excerpt) has no valid values")
            }
            return LedgerStore.StoredTimestamp(authority: authority, response: response)
        }
    }
}
