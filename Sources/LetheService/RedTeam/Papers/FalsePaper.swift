/// Whom a reader of papers asks: the commands that verify.
enum PaperVerifier: String, Sendable, CaseIterable {
    case certificate = "lethe certificate verify"
    case audit = "lethe log audit"
    case replay = "lethe replay"
    case bundle = "lethe replay --bundle"
    case model = "lethe model check"
}

/// Papers that say of a run what is not so, each in a way in which a controller might make them. All but one are signed with his own keys,
/// and all of those stand in his own log: a signature alone refuses none.
enum FalsePaper: String, CaseIterable, Sendable {
    case changedFigure = "changed-figure"
    case madeUpTraining = "made-up-training-log"
    case reorderedBatches = "reordered-batches"
    case seedsBeforeInputs = "seeds-before-inputs"
    case inventedRoot = "seeds-of-no-checkpoint"
    case searchedSeed = "searched-seed"
    case searchedReferenceSeeds = "searched-reference-seeds"
    case droppedReference = "dropped-reference"
    case betterReference = "reference-of-another-seed"
    case publishedChoice = "published-choice-of-references"
    case secondTest = "second-forgetting-test"
    case originalServed = "original-served-again"
    case patchedServed = "patched-model-served"
    case replacedModel = "stale-certificate"
    case retiredKey = "signed-by-a-retired-key"
    case otherLog = "other-tenants-log"
    case otherTenant = "other-tenant-in-this-log"

    /// What was done.
    var story: String {
        switch self {
        case .changedFigure: "a certificate with another number of removed records under the old signature"
        case .madeUpTraining:
            "a passing run whose candidate is the original but for one bit, with a training log that was made up"
        case .reorderedBatches:
            "a passing run whose candidate was trained on the records in another order than its seeds give"
        case .seedsBeforeInputs:
            "the whole log written anew, so that a run's seeds come from a checkpoint before its inputs"
        case .inventedRoot: "seeds from the root of a checkpoint that never was"
        case .searchedSeed: "a certificate that states another seed than the run's checkpoint gives"
        case .searchedReferenceSeeds: "references logged with other seeds than their checkpoint gives"
        case .droppedReference: "one reference fewer in the log than the policy asks for, the unwelcome one left out"
        case .betterReference: "a reference trained from the next seed, logged under its own"
        case .publishedChoice: "a certificate and a forgetting test, both signed, that name one of two references"
        case .secondTest:
            "a second forgetting test, signed by the verifier, that leaves out a gate which was not assessed"
        case .originalServed: "the original in service again after the certificate"
        case .patchedServed: "the certificate's model in service with one bit changed"
        case .replacedModel: "a true certificate shown for a model that a later run has replaced"
        case .retiredKey: "a certificate signed by the controller's key after another has taken over"
        case .otherLog: "a certificate in the log of another tenant of the same operator, under the same keys"
        case .otherTenant: "a certificate that names another tenant, in this log"
        }
    }

    /// Who has to refuse it.
    var verifier: PaperVerifier {
        switch self {
        case .changedFigure, .retiredKey, .otherLog, .otherTenant: .certificate
        case .inventedRoot, .searchedSeed, .searchedReferenceSeeds, .publishedChoice, .secondTest: .audit
        case .madeUpTraining, .reorderedBatches, .droppedReference, .betterReference: .replay
        case .seedsBeforeInputs: .bundle
        case .originalServed, .patchedServed, .replacedModel: .model
        }
    }

    /// The right reason, in the word that the verifier has for it: of an audit the field, of a repetition the artifact that differs.
    var reason: String {
        switch self {
        case .changedFigure: "controller's signature"
        case .madeUpTraining, .reorderedBatches: "trajectory of candidate"
        case .seedsBeforeInputs: "seeds that do not follow the inputs"
        case .inventedRoot: "checkpoint"
        case .searchedSeed: "unlearning.seed"
        case .searchedReferenceSeeds: "references.seed"
        case .droppedReference: "number of reference models"
        case .betterReference: "reference 2"
        case .publishedChoice: "verification.references"
        case .secondTest: "verification.attestations"
        case .originalServed, .replacedModel: "superseded"
        case .patchedServed: "unknown"
        case .retiredKey: "key not valid there"
        case .otherLog: "origin"
        case .otherTenant: "tenant"
        }
    }
}
