public import LetheBytes
public import LetheStatements

extension RunEvent {
    private static let originalsMember = "membershipOriginals"

    /// The member of `references-committed` that commits to further originals, trained with the forgotten records for a membership test
    /// by user: the digest of each one's weights and its seed. A member beyond the event's own: verifiers that do not know it ignore it.
    public static func extra(membershipOriginals models: [ReferenceModel]) -> [String: JSONValue] {
        models.isEmpty ? [:] : [originalsMember: .array(models.map(\.json))]
    }

    /// The further originals that `references-committed` names; empty where there are none.
    /// - Throws: `FieldError` for a member of another form.
    public func membershipOriginals() throws(FieldError) -> [ReferenceModel] {
        guard case .referencesCommitted = step, let value = extra[Self.originalsMember] else { return [] }
        return try JSONFields(value, path: "predicate." + Self.originalsMember).array().map {
            (item) throws(FieldError) in try ReferenceModel(item)
        }
    }
}
