import Testing

@testable import LethePages

/// The tree around an entry, against the sides that RFC 9162's verification gives.
struct TreeViewTests {
    @Test func stepsSplitTheTreeAsTheProofDoes() {
        for size in UInt64(1)...70 {
            for index in 0..<size {
                let steps = TreeView.steps(of: index, size: size)
                let sides = ProofView(
                    index: index, size: size, leafHash: "", root: "", path: steps.map { _ in "" }, checkpoint: ""
                ).steps.map(\.side)
                #expect(steps.map { $0.isLeft ? "left" : "right" } == sides, "entry \(index) of \(size)")
                var range = index..<index + 1
                for step in steps {
                    let isBeside =
                        step.isLeft
                        ? step.sibling.upperBound == range.lowerBound : step.sibling.lowerBound == range.upperBound
                    #expect(isBeside && !step.sibling.isEmpty)
                    range =
                        min(range.lowerBound, step.sibling.lowerBound)..<max(range.upperBound, step.sibling.upperBound)
                    #expect(step.joined == range)
                }
                #expect(range == 0..<size)
            }
        }
        #expect(TreeView.steps(of: 5, size: 5).isEmpty && TreeView.steps(of: .max, size: .max).isEmpty)
        #expect(TreeView.steps(of: 0, size: .max).count == 64)
    }

    @Test func aBlockHasAtMostEightLeaves() {
        #expect(TreeView.block(of: 0, size: 1) == 0..<1)
        #expect(TreeView.block(of: 9, size: 11) == 8..<11)
        #expect(TreeView.block(of: 15, size: 100) == 8..<16)
        #expect(TreeView.block(of: 7, size: 7).isEmpty)
        #expect(TreeView.block(of: .max - 1, size: .max).contains(.max - 1))
    }

    private func tree(_ index: UInt64, _ size: UInt64) -> TreeView {
        TreeView(
            index: index, size: size,
            leaves: TreeView.block(of: index, size: size).map { .init(index: $0, kind: "entry", hash: Samples.other) },
            joined: TreeView.steps(of: index, size: size).map { _ in Samples.digest })
    }

    @Test func theDrawingHasALeafForEachEntryOfTheBlockAndCompleteNodesAlone() {
        for (index, size, leaves, nodes) in [
            (0, 1, 1, 0), (2, 3, 3, 1), (5, 8, 8, 7), (9, 11, 3, 1), (12, 16, 8, 7), (1_000_000, 1_000_003, 3, 1),
        ] as [(UInt64, UInt64, Int, Int)] {
            let drawing = tree(index, size).drawing
            #expect(drawing.matches(of: /<rect class=/).count == leaves, "entry \(index) of \(size)")
            #expect(drawing.matches(of: /<rect class="leaf"/).count == 1)
            #expect(drawing.matches(of: /<circle class=/).count == nodes)
            #expect(drawing.matches(of: /<path class=/).count == 2 * nodes)
            #expect(drawing.contains("href=\"/explorer/\(index)\""))
        }
    }

    @Test func theLastStepGivesTheRoot() throws {
        let table = tree(8, 136).steps
        #expect(table.rows.count == TreeView.steps(of: 8, size: 136).count)
        #expect(table.rows.last?.cells.map(\.text).contains("the root") == true)
        #expect(table.rows.dropLast().allSatisfy { !$0.cells.map(\.text).contains("the root") })
        #expect(tree(0, 1).steps.isEmpty)
    }
}
