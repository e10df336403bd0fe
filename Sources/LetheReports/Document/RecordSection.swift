/// The particulars that somebody needs who repeats the run.
enum RecordSection {
    static func section(_ report: AuditReport) -> Section {
        let run = report.run
        var blocks: [Block] = []
        if !run.models.isEmpty {
            blocks.append(.heading("Models"))
            blocks.append(.table(models(run.models)))
        }
        blocks.append(.heading("Training data"))
        blocks.append(
            .facts([
                Fact("Before", "\(code: report.dataset.digestBefore)"),
                Fact("After", "\(code: report.dataset.digestAfter)"),
            ]))
        if !run.method.parameters.isEmpty {
            blocks.append(.heading("Settings of \(run.method.name)"))
            blocks.append(.facts(run.method.parameters.map { Fact($0.name, "\($0.value)") }))
        }
        blocks.append(.heading("Random seeds"))
        blocks.append(
            .paragraph(
                """
                Drawn from the root hash of a checkpoint that covers the run’s inputs, so that nobody picks them\
                \(run.seeds.referenceCheckpointRoot == nil ? "" : "; those of the retrained models from a later one").
                """))
        blocks.append(.facts(facts(about: run.seeds)))
        if !run.seeds.values.isEmpty {
            blocks.append(.facts(run.seeds.values.map { Fact($0.name, "\(code: $0.value)") }))
        }
        if !run.environment.isEmpty {
            blocks.append(.heading("Software and machine"))
            blocks.append(.facts(run.environment.map { Fact($0.name, "\($0.value)") }))
        }
        return Section(
            id: "record", title: "For the record", lead: "What a stranger needs to repeat the run.", blocks: blocks)
    }

    private static func models(_ models: [AuditReport.Model]) -> Table {
        Table(
            caption: "Digests of the models",
            columns: [.text("Model"), .text("Digest"), .text("Log entry")],
            rows: models.map { model in
                [
                    Prose("\(words(for: model.role))").detail("\(model.name)"),
                    "\(code: model.digest)",
                    "\(model.logIndex.map { String($0) } ?? "\u{2013}")",
                ]
            })
    }

    private static func words(for role: AuditReport.Model.Role) -> String {
        switch role {
        case .original: "Original"
        case .unlearned: "Unlearned"
        case .reference: "Retrained"
        }
    }

    private static func facts(about seeds: AuditReport.Seeds) -> [Fact] {
        var facts = [
            checkpoint("Published after the inputs were committed", seeds.checkpointSize, seeds.checkpointRoot)
        ]
        if let size = seeds.referenceCheckpointSize, let root = seeds.referenceCheckpointRoot {
            facts.append(checkpoint("Published after the unlearned model was committed", size, root))
        }
        return facts
    }

    private static func checkpoint(_ name: String, _ size: Int, _ root: String) -> Fact {
        Fact(
            name,
            Prose("\(Figures.count(size, "entry", plural: "entries")), root").detail("\(code: root)"))
    }
}
