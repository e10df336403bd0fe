import LetheBytes
import LetheTensor
import Testing

@testable import LetheTransformer

@Suite(.enabled(if: SharedFiles.exists))
struct OracleForwardTests {
    @Test(arguments: OracleCase.all)
    func encoderEqualsHuggingFace(_ oracle: OracleCase) throws {
        let batch = try oracle.batch()
        let inference = Inference(parameters: try oracle.model(), pool: WorkerPool(threads: 1))
        let expected = try oracle.file("expected").floats("encoder_last_hidden_state")
        let width = oracle.configuration.dModel
        for (row, encoded) in inference.encodedForTesting(batch.examples).enumerated() {
            let start = row * batch.paddedLength * width
            #expect(distance(encoded, Array(expected[start..<start + encoded.count])) <= Tolerance.logits)
        }
    }

    @Test(arguments: OracleCase.all, [true, false])
    func logitsEqualHuggingFace(_ oracle: OracleCase, isMasked: Bool) throws {
        let batch = try oracle.batch(isMasked: isMasked)
        let inference = Inference(parameters: try oracle.model(), pool: WorkerPool(threads: 2))
        let logits = inference.logits(batch.examples, positions: .all).flatMap { $0 }
        let expected = try oracle.file("expected").floats(isMasked ? "logits" : "nomask_logits")
        #expect(distance(logits, expected) <= Tolerance.logits)
    }

    @Test(arguments: OracleCase.all)
    func logitsWithAdapterEqualPEFT(_ oracle: OracleCase) throws {
        let inference = Inference(
            parameters: try oracle.model(), adapter: try oracle.lora(), pool: WorkerPool(threads: 1))
        let expected = try oracle.file("lora/expected")
        let masked = inference.logits(try oracle.batch().examples, positions: .all).flatMap { $0 }
        #expect(distance(masked, try expected.floats("logits")) <= Tolerance.adapterLogits)
        #expect(distance(masked, try expected.floats("merged_logits")) <= Tolerance.adapterLogits)
        let unmasked = inference.logits(try oracle.batch(isMasked: false).examples, positions: .all).flatMap { $0 }
        #expect(distance(unmasked, try expected.floats("nomask_logits")) <= Tolerance.adapterLogits)
    }

    @Test(arguments: OracleCase.all)
    func mergedWeightsEqualPEFT(_ oracle: OracleCase) throws {
        let merged = try oracle.lora().merged(into: try oracle.model())
        let expected = try oracle.tensors("lora/merged")
        #expect(expected.count == (oracle.configuration.numLayers + 2 * oracle.configuration.numDecoderLayers) * 2)
        for (name, tensor) in expected {
            #expect(distance(try #require(merged[name]).values, tensor.values) <= Tolerance.merged)
        }
    }

    @Test func relativeBucketsEqualHuggingFace() throws {
        let cases = try #require(
            StrictJSON.parse(SharedFiles.read("oracle/fixtures/relative_buckets.json")).arrayValue)
        #expect(cases.count == 6)
        for item in cases {
            let buckets = RelativePositionBuckets(
                count: try #require(item["num_buckets"]?.integer),
                maxDistance: try #require(item["max_distance"]?.integer),
                isBidirectional: item["bidirectional"] == .bool(true))
            let expected = try #require(item["bucket"]?.arrayValue).compactMap(\.integer)
            #expect(expected.count == 521)
            #expect((-260...260).map { buckets[$0] } == expected)
        }
    }
}

extension JSONValue {
    fileprivate var integer: Int? {
        if case .number(let literal) = self { Int(literal) } else { nil }
    }
}
