internal import LetheBytes

extension InteractionMapping {
    /// More interactions than this are refused: the protocol sorts all of them in memory, 200 bytes each at the peak.
    public static let maximumInteractions = 20_000_000

    /// Streams the files of this mapping from `folder` into a data set.
    ///
    /// Only interactions, the names of users and the texts of items that somebody rated stay in memory; rows are read one by one.
    /// Users and items are in the order of their numbers.
    ///
    /// - Throws: `DatasetError`, which names file and line.
    public func load(from folder: String) throws(DatasetError) -> InteractionDataset {
        var log = LoadedLog()
        try read(interactions, in: folder, into: &log)
        let titles = try read(items, of: &log, in: folder)
        let profiles = try users.map { users throws(DatasetError) in try read(users, of: &log, in: folder) }
        var wording = wording
        wording.profiles = users?.exampleProfiles ?? []
        return try InteractionDataset(
            users: log.users.sorted.map { User(id: $0.id, name: $0.name, profile: profiles?[$0.id]) },
            items: titles.sorted { $0.id < $1.id }, ratings: log.ratings, scale: interactions.opinion.scale,
            wording: wording, provenance: log.provenance)
    }

    // MARK: - Interactions

    private func read(
        _ interactions: Interactions, in folder: String, into log: inout LoadedLog
    ) throws(DatasetError) {
        var fields = [interactions.user, interactions.item, interactions.opinion.field]
        if case .field(let name, _) = interactions.time { fields.append(name) }
        var rows = try RowReader(interactions.table, in: folder, fields: fields)
        log.provenance.ratings = rows.file
        var lineOfPair: [UInt64: Int32] = [:]
        var last = Int.min
        while try rows.next() {
            let time = try time(of: rows)
            if interactions.isSorted, time < last {
                throw rows.malformed(
                    fields[3], expected: "a time not before that of the row above", found: "an earlier one")
            }
            last = time
            guard let stars = try opinion(of: rows) else {
                log.provenance.omit("not rated", file: rows.file, line: rows.line)
                continue
            }
            let user = try log.users.add(rows.name(0, isPersonal: true), rows, what: "users")
            let item = try log.items.add(rows.name(1), rows, what: "items")
            let pair = UInt64(user.position) << 32 | UInt64(item.position)
            if let first = lineOfPair[pair] {
                guard interactions.repeats == .first else {
                    throw .duplicate(
                        file: rows.file, line: rows.line, what: "this user's interaction with this item",
                        firstLine: Int(first))
                }
                log.provenance.omit("the same user and item again", file: rows.file, line: rows.line)
                continue
            }
            guard log.ratings.count < Self.maximumInteractions else {
                throw rows.malformed(
                    "row", expected: "at most \(Self.maximumInteractions) interactions",
                    found: "more; use a part of the log")
            }
            lineOfPair[pair] = Int32(clamping: rows.line)
            log.ratings.append(Rating(userID: user.id, itemID: item.id, stars: stars, timestamp: time))
        }
        guard rows.rowNumber > 0 else { throw .empty(file: rows.file) }
        log.provenance.omitBlankLines(of: rows)
    }

    private func time(of rows: RowReader) throws(DatasetError) -> Int {
        guard case .field(_, let format) = interactions.time else { return rows.rowNumber }
        let text = try rows.text(3)
        let (time, expected) =
            switch format {
            case .seconds: (LogTime.seconds(text), "seconds since 1970-01-01, up to 99999999999")
            case .milliseconds: (LogTime.milliseconds(text), "milliseconds since 1970-01-01, up to 99999999999999")
            case .iso8601: (LogTime.iso8601(text), "a date such as 2013-04-19 or 2013-04-19T08:15:15Z, from 1970 on")
            case .goodreads: (LogTime.goodReads(text), "a time such as Fri Apr 19 08:15:15 -0700 2013, from 1970 on")
            }
        guard let time else { throw rows.malformed(3, expected: expected) }
        return time
    }

    /// Steps of the scale; nil for a row without an opinion.
    private func opinion(of rows: RowReader) throws(DatasetError) -> Int? {
        switch interactions.opinion {
        case .rating(_, let scale, let unrated):
            let text = try rows.text(2)
            if unrated.contains(text) { return nil }
            guard let steps = scale.steps(of: text) else { throw rows.malformed(2, expected: scale.expectation) }
            return steps
        case .label(_, let liked, let disliked, _):
            let text = try rows.text(2)
            if liked.contains(text) { return 1 }
            if disliked.contains(text) { return 0 }
            throw rows.malformed(2, expected: "one of \((liked + disliked).joined(separator: ", "))")
        }
    }

    // MARK: - Items

    /// The texts of the items that somebody rated; interactions with others are refused, or left out.
    private func read(_ items: Items, of log: inout LoadedLog, in folder: String) throws(DatasetError) -> [Item] {
        var fields = [items.id, items.title]
        if let creator = items.creator { fields.append(creator) }
        var rows = try RowReader(items.table, in: folder, fields: fields)
        log.provenance.items = rows.file
        var texts: [Int: (title: String, creator: String?, line: Int)] = [:]
        var untitled = Set<Int>()
        while try rows.next() {
            guard let id = try log.items.id(of: rows.name(0)) else { continue }
            let title = try rows.prompt(1) ?? ""
            let creator = items.creator == nil ? nil : try rows.prompt(2)
            guard !title.isEmpty else {
                untitled.insert(id)
                continue
            }
            if let known = texts[id] {
                // A log with titles in its own rows repeats them; two titles of one item would make prompts ambiguous.
                guard known.title == title else {
                    throw .duplicate(
                        file: rows.file, line: rows.line,
                        what: "another title of \(wording.item) \(RowReader.quoted(try rows.name(0)))",
                        firstLine: known.line)
                }
                continue
            }
            texts[id] = (title, creator, rows.line)
        }
        if rows.file != log.provenance.ratings { log.provenance.omitBlankLines(of: rows) }
        try leaveOut(untitled.subtracting(texts.keys), known: Set(texts.keys), of: &log)
        let names = try items.creators.map { creators throws(DatasetError) in
            try read(creators, wanted: Set(texts.values.compactMap(\.creator)), log: &log, in: folder)
        }
        let called = Dictionary(uniqueKeysWithValues: log.items.sorted.map { ($0.id, $0.name) })
        return texts.map { id, text in
            let creator = text.creator.flatMap { creator in
                names.map { $0[creator] } ?? creator.split(separator: ",").first.map { Self.tidied(String($0)) }
            }
            return Item(
                id: id, name: called[id], title: text.title, creator: creator.flatMap { $0.isEmpty ? nil : $0 })
        }
    }

    private func leaveOut(_ untitled: Set<Int>, known: Set<Int>, of log: inout LoadedLog) throws(DatasetError) {
        let file = log.provenance.ratings ?? ""
        var missing: [Int: EntityTable.Entry] = [:]
        for entry in log.items.sorted where !known.contains(entry.id) { missing[entry.id] = entry }
        guard !missing.isEmpty else { return }
        if items.unknown == .refuse {
            // The first by line, so that the message does not depend on the order of a hash table.
            if let first = missing.values.min(by: { $0.line < $1.line }) {
                if untitled.contains(first.id) {
                    throw .malformed(
                        file: file, line: first.line, field: interactions.item,
                        expected: "\(wording.item) with a title",
                        found: "\(RowReader.quoted(first.name)), which has none")
                }
                throw .unknownReference(
                    file: file, line: first.line, field: wording.item, value: RowReader.quoted(first.name))
            }
        }
        var rows: [Int: Int] = [:]
        for rating in log.ratings where missing[rating.itemID] != nil { rows[rating.itemID, default: 0] += 1 }
        for entry in missing.values.sorted(by: { $0.line < $1.line }) {
            let reason = untitled.contains(entry.id) ? "\(wording.item) without a title" : "unknown \(wording.item)"
            log.provenance.omit(reason, file: file, line: entry.line, rows: rows[entry.id] ?? 0)
        }
        log.ratings.removeAll { missing[$0.itemID] != nil }
    }

    private func read(
        _ creators: Items.Creators, wanted: Set<String>, log: inout LoadedLog, in folder: String
    ) throws(DatasetError) -> [String: String] {
        var rows = try RowReader(creators.table, in: folder, fields: [creators.id, creators.name])
        log.provenance.others.append(rows.file)
        var names: [String: String] = [:]
        while try rows.next() {
            let id = try rows.text(0)
            if wanted.contains(id), let name = try rows.prompt(1) { names[id] = name }
        }
        return names
    }

    // MARK: - Users

    private func read(
        _ users: Users, of log: inout LoadedLog, in folder: String
    ) throws(DatasetError) -> [Int: UserProfile] {
        let fields = users.fields.map(\.name)
        var rows = try RowReader(
            users.table, in: folder, fields: [users.id] + fields + (users.pronouns.map { [$0.name] } ?? []))
        log.provenance.users = rows.file
        var profiles: [Int: (profile: UserProfile, line: Int)] = [:]
        while try rows.next() {
            guard let id = try log.users.id(of: rows.name(0, isPersonal: true)) else { continue }
            var values: [String] = []
            for (position, field) in users.fields.enumerated() {
                guard let value = field.values[try rows.text(position + 1)] else {
                    throw rows.malformed(
                        field.name, expected: "one of \(field.values.keys.sorted().joined(separator: ", "))",
                        found: "another value")
                }
                values.append(value)
            }
            let pronouns = try users.pronouns?.pronouns(for: rows.text(fields.count + 1)) ?? .they
            let profile = users.profile(values, pronouns)
            if let known = profiles[id] {
                guard known.profile == profile else {
                    throw .duplicate(
                        file: rows.file, line: rows.line, what: "another description of this user",
                        firstLine: known.line)
                }
                continue
            }
            profiles[id] = (profile, rows.line)
        }
        if rows.file != log.provenance.ratings { log.provenance.omitBlankLines(of: rows) }
        if let stranger = log.users.sorted.filter({ profiles[$0.id] == nil }).min(by: { $0.line < $1.line }) {
            throw .malformed(
                file: log.provenance.ratings ?? "", line: stranger.line, field: interactions.user,
                expected: "a user of \(rows.file)", found: "another")
        }
        return profiles.mapValues(\.profile)
    }

    /// One line of text: white space and control characters become single spaces.
    fileprivate static func tidied(_ text: String) -> String {
        text.unicodeScalars.split { $0.properties.isWhitespace || $0.properties.generalCategory == .control }
            .map { String(Substring($0)) }.joined(separator: " ")
    }
}

extension InteractionMapping.Users {
    func profile(_ values: [String], _ pronouns: Pronouns) -> UserProfile {
        UserProfile(
            sentences: zip(fields, values).map { $0.sentence.replacing("{}", with: $1) }.joined(separator: " "),
            words: values.joined(separator: " "), pronouns: pronouns)
    }

    /// Every value of every field at least once, and every pronoun: what a vocabulary is shown. From the mapping alone, so
    /// that it tells nothing about who is in the data.
    var exampleProfiles: [UserProfile] {
        let first = fields.map { $0.values.values.sorted().first ?? "" }
        var profiles = pronouns == nil ? [] : [profile(first, .she), profile(first, .he)]
        profiles.append(profile(first, .they))
        for (position, field) in fields.enumerated() {
            for value in Set(field.values.values).sorted() where value != first[position] {
                var values = first
                values[position] = value
                profiles.append(profile(values, .they))
            }
        }
        return profiles
    }
}

extension RowReader {
    /// The name of a user or an item; a user's is never repeated in an error.
    func name(_ position: Int, isPersonal: Bool = false) throws(DatasetError) -> String {
        let name = try text(position)
        guard (1...256).contains(name.utf8.count),
            !name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else {
            let expected = "a name of 1 to 256 bytes without control characters"
            if isPersonal {
                throw malformed(fieldName(position), expected: expected, found: "\(name.utf8.count) bytes")
            }
            throw malformed(position, expected: expected)
        }
        return name
    }

    /// Text that may stand in a prompt, on one line; nil where a JSON row has none.
    func prompt(_ position: Int) throws(DatasetError) -> String? {
        guard let text = optionalText(position) else { return nil }
        guard text.utf8.count <= 4096, !text.utf8.contains(0) else {
            throw malformed(
                fieldName(position), expected: "at most 4096 bytes without NUL", found: "\(text.utf8.count) bytes")
        }
        return InteractionMapping.tidied(text)
    }
}

extension DatasetProvenance {
    mutating func omitBlankLines(of rows: RowReader) {
        guard rows.blankLines.count > 0 else { return }
        omit("empty line", file: rows.file, line: rows.blankLines.first, rows: rows.blankLines.count)
    }
}
