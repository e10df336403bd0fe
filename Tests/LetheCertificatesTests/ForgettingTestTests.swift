import LetheBytes
import LetheCertificates
import LetheCrypto
import LetheStatements
import Testing

struct ForgettingTestTests {
    @Test(arguments: [
        ("0.1", "0.2", ForgettingTest.Comparator.below, "0.25", true), ("0.1", "0.25", .below, "0.25", false),
        ("0.1", "0.26", .below, "0.25", false), ("-9", "-8", .below, "0.25", true),
        ("0.1", "0.2", .above, "0", true), ("0", "0.2", .above, "0", false), ("-0.1", "0.2", .above, "0", false),
        ("-0.19", "0.19", .within, "0.2", true), ("-0.2", "0.19", .within, "0.2", false),
        ("-0.19", "0.20", .within, "0.2", false), ("0.3", "0.4", .within, "0.2", false),
        ("-0.4", "-0.3", .within, "0.2", false), ("0", "0", .within, "0", false), ("0", "0", .within, "-1", false),
        ("0.2499999999999999999999", "0.2499999999999999999999", .below, "0.25", true),
    ])
    func aWholeIntervalMustLieInTheAcceptedRange(
        lower: String, upper: String, comparator: ForgettingTest.Comparator, threshold: String, passes: Bool
    ) {
        let measurement = Fixture.measurement(
            interval: (lower, upper), comparator: comparator, threshold: threshold)
        #expect(measurement.passed == passes)
    }

    @Test func withoutAnIntervalOnlyAnExactCountCanPass() {
        for comparator in [ForgettingTest.Comparator.below, .above, .within] {
            #expect(!Fixture.measurement(value: "0.1", interval: nil, comparator: comparator).passed)
        }
        #expect(Fixture.measurement(value: "0", interval: nil, comparator: .equal, threshold: "0.0").passed)
        #expect(!Fixture.measurement(value: "1", interval: nil, comparator: .equal, threshold: "0").passed)
        #expect(!Fixture.measurement(value: nil, interval: nil, comparator: .equal, threshold: "0").passed)
    }

    @Test(arguments: [
        ("0", "0.1", true), ("0.1", "0", false), ("-1", "0", true), ("-1", "-2", false), ("-2", "-1", true),
        ("9", "10", true), ("10", "9", false), ("0.5", "0.50", false), ("0.499999999999999999999", "0.5", true),
        ("123456789012345678901234567890", "123456789012345678901234567891", true), ("1", "1", false),
    ])
    func decimalsAreComparedExactly(left: String, right: String, isLess: Bool) {
        #expect(Fixture.decimal(left).isLess(than: Fixture.decimal(right)) == isLess)
        #expect(Fixture.decimal("0.5").isEqual(to: Fixture.decimal("0.50")))
        #expect(!Fixture.decimal("0.5").isEqual(to: Fixture.decimal("-0.5")))
    }

    @Test func originalsAreNamedWhereThereAreAnyAndLeaveOtherTestsAsTheyWere() throws {
        let plain = Fixture.test()
        let member = "urn:lethe:forgetting-test:v1"
        let statement = try Statement(parsingUnverified: Fixture.testResult(plain).payload)
        #expect(statement.predicate[member]?["originals"] == nil)
        #expect(try TestResult(statement).test.originals.isEmpty)
        let test = ForgettingTest(
            verdict: plain.verdict, measurements: plain.measurements, references: plain.references,
            originals: [.init(model: Fixture.digest("o1"), seed: 3), .init(model: Fixture.digest("o2"), seed: .max)],
            referenceSeedSource: plain.referenceSeedSource, notAssessed: plain.notAssessed)
        let named = try Statement(parsingUnverified: Fixture.testResult(test).payload)
        #expect(try TestResult(named).test == test)
        #expect(named.predicate[member]?["originals"]?.arrayValue?.count == 2)
        #expect(named.predicate[member]?["references"] == statement.predicate[member]?["references"])
    }

    @Test func verdictsHaveTheirResults() {
        #expect(
            ForgettingTest.Verdict.allCases.map(\.result) == [.passed, .passed, .inconclusive, .failed, .failed])
    }

    @Test func theTestResultSpeaksInTotosLanguage() throws {
        let statement = try Statement(parsingUnverified: Fixture.testResult().payload)
        #expect(statement.predicateType == "https://in-toto.io/attestation/test-result/v0.1")
        #expect(statement.predicate["result"] == "PASSED")
        #expect(statement.predicate["passedTests"]?.arrayValue?.count == 4)
        #expect(statement.predicate["warnedTests"] == [] && statement.predicate["failedTests"] == [])

        let straddling = [Fixture.measurement(interval: ("-0.1", "0.3"))]
        for (verdict, result, list) in [
            (ForgettingTest.Verdict.fail, "FAILED", "failedTests"), (.inconclusive, "WARNED", "warnedTests"),
        ] {
            let test = Fixture.test(verdict: verdict, measurements: straddling)
            let predicate = try Statement(parsingUnverified: Fixture.testResult(test).payload).predicate
            #expect(predicate["result"]?.stringValue == result)
            #expect(predicate[list] == ["G1 RRM"])
        }
    }

    @Test(arguments: ["result", "configuration", "passedTests", "warnedTests", "failedTests"])
    func aSummaryThatIsNotThatOfTheMeasurementsIsRefused(name: String) throws {
        let statement = try Statement(parsingUnverified: Fixture.testResult().payload)
        for value: JSONValue? in [nil, "FAILED", [], ["G9"], .null] where value != statement.predicate[name] {
            var predicate = try #require(statement.predicate.objectValue)
            predicate[name] = value
            let altered = try Statement(
                subjects: statement.subjects, predicateType: statement.predicateType, predicate: .object(predicate))
            #expect(throws: StatementError.self) { try TestResult(altered) }
        }
    }

    @Test func twoMeasurementsOfOneNameAreNotIssued() {
        let test = Fixture.test(measurements: [Fixture.measurement(), Fixture.measurement()])
        #expect(throws: IssueError.self) { try Fixture.testResult(test) }
    }
}
