import LetheCrypto
import Testing

@testable import LetheRequests

struct LifecycleTests {
    static let states: [RequestState] = [
        .received, .identityPending, .inProgress, .blockedPartial, .verifying, .fulfilled, .refused(.legalClaims),
        .withdrawn, .expired, .duplicate(of: makeRequestID(2)),
    ]
    static let events: [LifecycleEvent] = [
        .identityDoubted, .identityConfirmed, .extended(.complexity), .unlearned(run: makeRunID(1)),
        .verificationFailed,
        .blocked, .resumed, .fulfilled(certificateEntry: 9),
        .nothingHeld(trainingRecords: Digest(sha256: [])), .refused(.legalObligation), .withdrawn, .expired,
        .foundDuplicate(of: makeRequestID(2)),
    ]

    /// Every pair that is possible, and where it leads; every other pair must be refused.
    static let transitions: [String: (state: RequestState, action: LifecycleAction)] = [
        "received identity-doubted": (.identityPending, .askForIdentity(pausesClock: true)),
        "received identity-confirmed": (.inProgress, .queueForUnlearning),
        "received extended": (.received, .sendExtensionNotice),
        "received refused": (.refused(.legalObligation), .close),
        "received withdrawn": (.withdrawn, .close),
        "received duplicate": (.duplicate(of: makeRequestID(2)), .close),
        "identity_pending identity-confirmed": (.inProgress, .queueForUnlearning),
        "identity_pending extended": (.identityPending, .sendExtensionNotice),
        "identity_pending refused": (.refused(.legalObligation), .close),
        "identity_pending withdrawn": (.withdrawn, .close),
        "identity_pending expired": (.expired, .close),
        "identity_pending duplicate": (.duplicate(of: makeRequestID(2)), .close),
        "in_progress identity-doubted": (.identityPending, .askForIdentity(pausesClock: true)),
        "in_progress extended": (.inProgress, .sendExtensionNotice),
        "in_progress unlearned": (.verifying, .verify),
        "in_progress blocked": (.blockedPartial, .reportBlockage),
        "in_progress nothing-held": (.fulfilled, .close),
        "in_progress refused": (.refused(.legalObligation), .close),
        "in_progress withdrawn": (.withdrawn, .close),
        "in_progress duplicate": (.duplicate(of: makeRequestID(2)), .close),
        "blocked_partial extended": (.blockedPartial, .sendExtensionNotice),
        "blocked_partial resumed": (.inProgress, .queueForUnlearning),
        "blocked_partial refused": (.refused(.legalObligation), .close),
        "blocked_partial withdrawn": (.withdrawn, .close),
        "verifying extended": (.verifying, .sendExtensionNotice),
        "verifying verification-failed": (.inProgress, .unlearnAgain),
        "verifying blocked": (.blockedPartial, .reportBlockage),
        "verifying fulfilled": (.fulfilled, .close),
        "verifying withdrawn": (.withdrawn, .close),
    ]

    @Test(arguments: states, events)
    func everyStateTakesExactlyTheEventsOfTheTable(_ state: RequestState, _ event: LifecycleEvent) throws {
        var lifecycle = Lifecycle(requestID: makeRequestID(1), regulation: .gdpr, state: state)
        let before = lifecycle
        guard let expected = Self.transitions["\(state.name) \(event.name)"] else {
            #expect(throws: LifecycleError.notAllowed(event: event.name, state: state.name)) {
                try lifecycle.apply(event)
            }
            #expect(lifecycle == before)
            return
        }
        #expect(!state.isFinal)
        #expect(try lifecycle.apply(event) == expected.action)
        #expect(lifecycle.state == expected.state)
        #expect(lifecycle.isExtended == (event == .extended(.complexity)))
        #expect(expected.state.isFinal == (expected.action == .close))
    }

    @Test func theTableNamesOnlyPairsThatAreTested() {
        let pairs = Set(Self.states.flatMap { state in Self.events.map { "\(state.name) \($0.name)" } })
        #expect(Set(Self.transitions.keys).isSubset(of: pairs))
        #expect(pairs.count == Self.states.count * Self.events.count)
    }

    @Test func aPeriodIsExtendedOnce() throws {
        var lifecycle = Lifecycle(requestID: makeRequestID(1), regulation: .ccpa)
        _ = try lifecycle.apply(.extended(.numberOfRequests))
        #expect(throws: LifecycleError.alreadyExtended) { try lifecycle.apply(.extended(.complexity)) }
        #expect(lifecycle.isExtended)
    }

    @Test(arguments: RefusalGround.allCases, Regulation.allCases)
    func aRefusalNeedsAGroundOfTheRequestsOwnLaw(_ ground: RefusalGround, _ regulation: Regulation) throws {
        var lifecycle = Lifecycle(requestID: makeRequestID(1), regulation: regulation)
        if ground.regulation == regulation {
            #expect(try lifecycle.apply(.refused(ground)) == .close)
            #expect(lifecycle.state == .refused(ground))
        } else {
            #expect(throws: LifecycleError.foreignGround(ground, regulation: regulation)) {
                try lifecycle.apply(.refused(ground))
            }
            #expect(lifecycle.state == .received)
        }
    }

    @Test func theCCPAClockDoesNotPause() throws {
        var lifecycle = Lifecycle(requestID: makeRequestID(1), regulation: .ccpa)
        #expect(try lifecycle.apply(.identityDoubted) == .askForIdentity(pausesClock: false))
    }

    @Test func aRequestIsNoDuplicateOfItself() {
        var lifecycle = Lifecycle(requestID: makeRequestID(1), regulation: .gdpr)
        #expect(throws: LifecycleError.duplicateOfItself(makeRequestID(1))) {
            try lifecycle.apply(.foundDuplicate(of: makeRequestID(1)))
        }
    }

    @Test func requestNamesAreRandomVersionFourAndNothingElse() {
        var generator = TestGenerator(state: 1)
        var seen: Set<RequestID> = []
        for _ in 0..<1_000 {
            let id = RequestID.random(using: &generator)
            #expect(RequestID(id.text) == id)
            #expect(seen.insert(id).inserted)
        }
        for text in [
            "", "00000000-0000-4000-8000-00000000000", "00000000-0000-1000-8000-000000000001",
            "00000000-0000-4000-C000-000000000001", "0000000000004000800000000000000001aa",
            "00000000-0000-4000-8000-00000000000G", "00000000-0000-4000-7000-000000000001",
        ] { #expect(RequestID(text) == nil) }
    }
}
