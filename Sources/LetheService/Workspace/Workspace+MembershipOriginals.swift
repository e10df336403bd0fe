import LetheCrypto
import LetheRequests
import LetheStore
import LetheTransformer

/// What comes of the trainings of a verification.
struct RetrainedModels {
    let references: [T5Parameters]
    /// Trained with the forgotten records, for the membership test by user; empty where the policy asks for none.
    let originals: [T5Parameters]
}

/// Further originals know the forgotten people: they are residue from the entry that commits to them until the entry that says they are gone.
extension Workspace {
    /// The residue that is logged in one transaction with the references: what lies in the sealed states of the verification, and nowhere else.
    func sealedResidue(_ originals: [ReferenceModel], of run: RunID) -> [LedgerEvent] {
        residue(originals, fate: .sealed, of: run)
    }

    /// Says of a judged run's further originals that they are destroyed, in the log and in the run's folder, unless that was done.
    ///
    /// Called once the states in which they lay are gone.
    func accountForOriginals(of run: RunID) throws {
        guard let judged = try store.run(run), judged.stage == .verified, let logged = judged.artifacts["residue"],
            let originals = try runEvent("references-committed", of: judged)?.membershipOriginals()
        else { return }
        // Each is logged twice: as sealed, and as destroyed.
        let open = originals.filter { original in logged.count { $0 == original.model } < 2 }
        guard !open.isEmpty else { return }
        try record(residue(open, fate: .destroyed, of: run))
        let folder = paths.run(run.text)
        guard var dossier = try? RunDossier.read(from: folder) else { return }
        for index in dossier.residue.indices
        where dossier.residue[index].kind == LetheRequests.Residue.Kind.originalModel.rawValue {
            dossier.residue[index].fate = LetheRequests.Residue.Fate.destroyed.rawValue
        }
        try dossier.write(to: folder)
    }

    private func residue(
        _ originals: [ReferenceModel], fate: LetheRequests.Residue.Fate, of run: RunID
    ) -> [LedgerEvent] {
        originals.map { original in
            .run(
                RunEvent(
                    runID: run, at: environment.now(),
                    step: .residue(Residue(artifact: original.model, kind: .originalModel, fate: fate))))
        }
    }
}

extension RunDossier {
    /// Takes up the further originals of a verification, in place of those of one that broke off.
    mutating func take(_ originals: [ReferenceModel]) {
        let kind = LetheRequests.Residue.Kind.originalModel.rawValue
        residue.removeAll { $0.kind == kind }
        residue += originals.map {
            .init(kind: kind, digest: $0.model.hex, fate: "kept sealed until the verdict is in the log")
        }
        membershipOriginals =
            originals.isEmpty ? nil : originals.map { .init(digest: $0.model.hex, seed: $0.seed, losses: []) }
    }
}
