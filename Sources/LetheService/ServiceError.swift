/// Why the service did not do what was asked. Nothing was changed.
public enum ServiceError: Error, Equatable, CustomStringConvertible {
    /// There is a workspace already.
    case workspaceExists(path: String)
    /// There is no workspace.
    case workspaceMissing(path: String)
    /// A file of the workspace is not what it was written as.
    case workspaceDamaged(file: String, problem: String)
    /// The data set of the workspace has changed since it was committed to the log.
    case dataChanged(folder: String, expected: String, found: String)
    /// The policy's file is not the policy that the log says is in force.
    case policyChanged(file: String, expected: String, found: String)
    /// Data of the kind `mapping` without a mapping.
    case mappingMissing
    /// The vocabulary gives both answers the same first token.
    case vocabularyCannotAnswer
    /// A model that the step needs was not trained yet.
    case modelMissing(role: String, remedy: String)
    /// A model exists already and would be overwritten.
    case modelExists(role: String, path: String)
    /// A model's files are not those whose digest is in the log.
    case modelChanged(role: String, path: String, expected: String, found: String)
    /// The request's identity is of a kind that the data set has no column for.
    case unsupportedSubjectType(found: String)
    /// Nobody of this name has training records; the name itself is not repeated.
    case unknownSubject
    /// A request in another format names its subject in ways that the data set does not know.
    case subjectNotNamed(types: [String])
    /// A request names another subject than the one it is said to mean, or two.
    case subjectsDisagree
    /// The directory of agents has no such agent.
    case unknownAgent(id: String)
    /// An agent whose key the log has not registered.
    case agentNotRegistered(keyID: String)
    /// Two requests of different people, where one is to be the other's duplicate.
    case differentSubjects(first: String, second: String)
    /// Another request of the same person, under the same law, is being handled.
    case alreadyHandled(id: String, original: String)
    /// A request whose personal data cannot be destroyed: it is open, or they are gone.
    case notShreddable(id: String, problem: String)
    /// A request that cannot have this duplicate: it is not being handled, came later, or was made under another law.
    case noOriginal(id: String, problem: String)
    /// An identity proof weaker than the policy asks for.
    case identityTooWeak(found: String, expected: String)
    /// The very bytes were received before.
    case replayed(requestID: String, entry: UInt64)
    /// A decision that whoever asks for it may not take.
    case notPermitted(decision: String, problem: String)
    /// A proposal that cannot be made, approved or rejected.
    case proposalRefused(request: String, problem: String)
    /// A policy that cannot take the place of the one in force.
    case adoptionRefused(problem: String)
    /// No request of this name.
    case unknownRequest(id: String)
    /// A method that the policy has no settings for.
    case methodNotInPolicy(found: String, known: [String])
    /// Another process works on the same computation.
    case busy(path: String)
    /// Whose records a run removed can be read nowhere here.
    case subjectsUnknown(run: String, reason: String)
    /// A list of data subjects is not that of the run; no name of it is repeated.
    case subjectsRefused(file: String, problem: String)
    /// An audit bundle, or what it has of a run, is not signed, not proved, or contradicts itself.
    case bundleDoesNotHold(file: String, problem: String)
    /// A method trains shards, and nothing says who is in which.
    case shardKeyUnknown(method: String)
    /// The policy's file has no such method with the parameters that the log commits to.
    case methodChanged(file: String, method: String, expected: String, found: String)
    /// Nothing to do: no request waits for unlearning.
    case nothingDue
    /// Requests wait, but the data have no training record of any of their subjects.
    case nothingHeld(requests: Int)
    /// A request cannot end for want of data.
    case somethingHeld(id: String, problem: String)
    /// No run of this name.
    case unknownRun(id: String)
    /// No run was judged yet.
    case noJudgedRun
    /// The run is not where this step begins.
    case runNotReady(id: String, found: String, expected: String)
    /// No certificate of this number.
    case unknownCertificate(number: Int, count: Int)
    /// No entry of this index.
    case unknownEntry(index: UInt64, size: UInt64)
    /// A role for which a workspace keeps no key of its own.
    case noKeyOfRole(role: String)
    /// No key of this id in the log.
    case unknownKey(keyID: String)
    /// A key's change that the log would not accept.
    case keyChangeRefused(reason: String)
    /// The verifier's key changes only between runs.
    case verdictOpen(run: String)
    /// A path that the step would write exists already.
    case outputExists(path: String)
    /// Nobody answers at a URL.
    case unreachable(url: String, problem: String)
    /// The witnesses' file of the workspace, or the policy given, cannot be read.
    case witnessPolicy(file: String, problem: String)
    /// Too few witnesses have cosigned the checkpoint.
    case quorumMissed(demand: String, outcomes: [String], isMachineFailure: Bool)
    /// Too few of the policy's authorities have stamped the checkpoint.
    case timestampsMissed(demand: String, outcomes: [String], isMachineFailure: Bool)
    /// Recipients of the data of a run's people were not told yet.
    case recipientsPending(run: String, recipients: [String])
    /// A run without a list of rows to delete.
    case noTombstones(run: String)
    /// A run without a manifest of the records that stay, or data that cannot be compared with it.
    case noManifest(run: String, problem: String)
    /// A timestamp of something that is no checkpoint of this log.
    case unknownTimestamp(imprint: String)
    /// The folder of an export does not hold a prefix of this log.
    case exportRefused(path: String, problem: String)
    /// A ledger is not replaced by a backup.
    case restoreRefused(path: String, problem: String)
    /// The policy asks for a level that the intervals are not computed at.
    case unsupportedLevel(found: Double, expected: Double)
    /// The data set is of a kind that this version does not read.
    case unsupportedDataset(found: String, expected: String)

    /// One line: what, where, expected and found.
    public var description: String {
        switch self {
        case .workspaceExists(let path): "\(path): a workspace is there already; expected a new path"
        case .workspaceMissing(let path): "\(path): no workspace there; make one with `lethe init --workspace \(path)`"
        case .workspaceDamaged(let file, let problem): "\(file): \(problem)"
        case .dataChanged(let folder, let expected, let found):
            "\(folder): the training records are not those committed to the log: expected \(expected), found \(found)"
        case .policyChanged(let file, let expected, let found):
            "\(file): not the policy in the log: expected digest \(expected), found \(found)"
        case .mappingMissing: "a data set of the kind mapping needs a mapping, which says how to read its files"
        case .vocabularyCannotAnswer: "the vocabulary gives \"Yes.\" and \"No.\" the same first token"
        case .modelMissing(let role, let remedy): "the \(role) model was not trained yet; run `\(remedy)`"
        case .modelExists(let role, let path): "\(path): the \(role) model exists already and is in the log"
        case .modelChanged(let role, let path, let expected, let found):
            "\(path): the \(role) model is not the one in the log: expected \(expected), found \(found)"
        case .unsupportedSubjectType(let found): "the subject's type is \(found); this data set knows user-id"
        case .unknownSubject: "the subject has no training record in this data set: there is nothing to forget"
        case .subjectNotNamed(let types):
            "the request names its subject by \(types.joined(separator: ", ")); this data set knows user-id: "
                + "say with --subject whom that means"
        case .subjectsDisagree: "the request names another user-id than the subject it is said to mean, or two"
        case .unknownAgent(let id): "agent \(id): not in the directory of agents"
        case .agentNotRegistered(let keyID):
            "agent: its key \(keyID) is not registered in the log; "
                + "`lethe key register --role requester` does that"
        case .differentSubjects(let first, let second):
            "requests \(first) and \(second) are about different people: neither is a duplicate of the other"
        case .alreadyHandled(let id, let original):
            "request \(id): request \(original) of the same person is being handled; "
                + "`lethe request duplicate \(id) --of \(original)` ends this one"
        case .notShreddable(let id, let problem):
            "request \(id): expected one that has ended and whose personal data is in the vault; \(problem)"
        case .noOriginal(let id, let problem): "request \(id) cannot have this duplicate: \(problem)"
        case .identityTooWeak(let found, let expected):
            "identity proof \(found); the policy asks for \(expected) or better"
        case .replayed(let id, let entry):
            "replay: request \(id) was received before, as entry \(entry); nothing was changed"
        case .notPermitted(let decision, let problem): "decision \(decision): \(problem); nothing was changed"
        case .proposalRefused(let request, let problem): "proposal about request \(request): \(problem)"
        case .adoptionRefused(let problem): "policy not adopted: \(problem)"
        case .unknownRequest(let id): "no request \(id)"
        case .methodNotInPolicy(let found, let known):
            "the policy has no settings for method \(found): it has \(known.joined(separator: ", "))"
        case .busy(let path): "\(path): another process is working on this; wait for it, or end it"
        case .subjectsUnknown(let run, let reason):
            "run \(run): \(reason): give the people whose records it removed with --subjects FILE, one a line"
        case .subjectsRefused(let file, let problem): "\(file): \(problem)"
        case .bundleDoesNotHold(let file, let problem): "\(file): does not hold: \(problem)"
        case .shardKeyUnknown(let method):
            "\(method) trains shards, and who is in which is decided by a key of the controller's: give it with --sharding-key FILE"
        case .methodChanged(let file, let method, let expected, let found):
            "\(file): not the method in the log: expected \(method) with parameters \(expected), found \(found)"
        case .somethingHeld(let id, let problem): "request \(id): \(problem)"
        case .nothingDue: "no request waits for unlearning"
        case .nothingHeld(let requests):
            "\(requests) requests wait, and no training record of their subjects is left: there is nothing to remove; `lethe run` "
                + "ends them where the model never learned from these people, else they are answered with the next run that removes "
                + "somebody's records"
        case .unknownRun(let id): "no run \(id)"
        case .noJudgedRun: "no run was judged yet; run `lethe run`"
        case .runNotReady(let id, let found, let expected): "run \(id) is \(found), expected \(expected)"
        case .unknownCertificate(let number, let count): "no certificate \(number); there are \(count)"
        case .unknownEntry(let index, let size): "no entry \(index); the log has \(size), counted from 0"
        case .noKeyOfRole(let role):
            "a workspace keeps no key of role \(role); expected root, log, controller, verifier or requester"
        case .unknownKey(let keyID): "no key \(keyID) in the log; `lethe key list` shows those there are"
        case .keyChangeRefused(let reason): reason
        case .verdictOpen(let run):
            "run \(run) is judged and not certified: its certificate would rest on a key that has ended; "
                + "run `lethe certify \(run)` first"
        case .outputExists(let path): "\(path): exists already; expected a new or empty folder"
        case .unreachable(let url, let problem): "\(url): \(problem)"
        case .witnessPolicy(let file, let problem): "\(file): \(problem)"
        case .quorumMissed(let demand, let outcomes, _):
            "checkpoint: expected cosignatures of \(demand); \(outcomes.joined(separator: "; ")); what was done so far is "
                + "kept, repeat the command when the witnesses answer"
        case .timestampsMissed(let demand, let outcomes, _):
            "checkpoint: expected timestamps by \(demand); \(outcomes.joined(separator: "; ")); what was done so far is "
                + "kept, repeat the command when the authorities answer"
        case .recipientsPending(let run, let recipients):
            "run \(run): the model has forgotten, but not every recipient was told: \(recipients.joined(separator: "; ")); its "
                + "requests are blocked in part, `lethe run notify \(run)` tries again"
        case .noTombstones(let run):
            "run \(run): no list of rows to delete: it did not pass, the list was destroyed, or the policy keeps none "
                + "(retention.tombstoneDays)"
        case .noManifest(let run, let problem): "run \(run): no comparison with the records that stay: \(problem)"
        case .unknownTimestamp(let imprint): "timestamp: stamps \(imprint), which is no checkpoint of this log"
        case .exportRefused(let path, let problem): "\(path): not exported to: \(problem)"
        case .restoreRefused(let path, let problem): "\(path): not restored: \(problem)"
        case .unsupportedLevel(let found, let expected):
            "policy: verification.thresholds.alpha is \(found): this version computes every interval at \(expected)"
        case .unsupportedDataset(let found, let expected): "data set \(found): expected \(expected)"
        }
    }
}
