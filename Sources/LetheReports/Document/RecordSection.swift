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
        blocks.append(.paragraph(origin(of: run.seeds)))
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

    private static func origin(of seeds: AuditReport.Seeds) -> Prose {
        var text: Prose = """
            Drawn from the checkpoint of \(Figures.count(seeds.checkpointSize, "entry", plural: "entries")) with root \
            \(code: seeds.checkpointRoot), published after the inputs were committed.
            """
        if let size = seeds.referenceCheckpointSize, let root = seeds.referenceCheckpointRoot {
            text = """
                \(text) Those of the retrained models come from the later checkpoint of \
                \(Figures.count(size, "entry", plural: "entries")) with root \(code: root), published after the \
                unlearned model was committed.
                """
        }
        return text
    }
}
