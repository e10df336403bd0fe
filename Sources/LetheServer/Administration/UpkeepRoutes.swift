import HTTPTypes
import LetheBytes
import LetheCrypto
import LetheLog
import LetheRequests
import LetheService
import LetheStore
import Logging

/// What keeps a log honest and is asked for by who runs it: audits, checkpoints that witnesses cosign, and data that were cleaned.
enum UpkeepRoutes {
    static let all: [Route] = [
        Route(
            .get, "/api/v1/audit", operation: "audit", tag: .desk,
            "Derives the whole ledger again from its entries and names everything that differs. Takes long.",
            access: .roles(AccessRole.people),
            parameters: [
                .query("signatures", .oneOf(["true", "false"]), "Whether to check signatures; true without it.")
            ],
            answers: [.json(200, "What was found; `holds` says whether all agrees.")]
        ) { call in
            let (root, environment) = (call.services.configuration.workspace, call.services.environment)
            let checks = call.parameters["signatures"] != "false"
            return try .json(
                await call.services.pool.readSlowly { _ in
                    try Workspace.auditLedger(
                        at: root, environment: environment, checksSignatures: checks, listing: 100
                    ).json
                })
        },
        Route(
            .post, "/api/v1/checkpoints", operation: "publishCheckpoint", tag: .log,
            "Signs the checkpoint over all entries, and has it cosigned by the workspace's witnesses and stamped as its policy says.",
            access: .roles(AccessRole.runners),
            answers: [
                .json(
                    200, "It is kept with what came; `holds` says whether all is there that the workspace demands.",
                    ["type": "object", "required": ["checkpoint", "witnesses", "holds"]])
            ]
        ) { call in
            // Witnesses are waited for, so not on the thread that writes: the database itself keeps writers apart.
            try .json(
                await call.services.pool.readSlowly { workspace in
                    let publication = try workspace.publishCheckpoint(policy: workspace.witnessPolicy())
                    let stamping = try workspace.stampAsThePolicySays(publication.note)
                    var members: [String: JSONValue] = [
                        "checkpoint": .string(String(decoding: publication.note.bytes, as: UTF8.self)),
                        "witnesses": .array(publication.outcomes.map { .string($0.line) }),
                        "holds": .bool(publication.isMet && stamping?.isMet ?? true),
                    ]
                    if let demand = publication.demand {
                        members["quorum"] = ["demanded": .string(demand), "met": .bool(publication.isMet)]
                    }
                    if let stamping {
                        members["timestamps"] = [
                            "demanded": .string(stamping.demand), "met": .bool(stamping.isMet),
                            "failures": .array(stamping.failures.map { .string($0) }),
                        ]
                    }
                    return .object(members)
                })
        },
        Route(
            .get, "/api/v1/runs/{id}/data-check", operation: "checkData", tag: .runs,
            "Whether the cleaned data set in the configured folder is exactly what a run said must be left. Takes long.",
            access: .roles(AccessRole.people), parameters: [.path("id", .uuid, "The run's id.")],
            answers: [
                .json(
                    200, "Both roots, and whether they agree.",
                    [
                        "type": "object",
                        "required": ["run", "holds", "expected", "found", "expectedRecords", "foundRecords"],
                    ]),
                .refusal(
                    409,
                    "No folder is configured, the run did not pass, or what lies there cannot be read as the data set."
                ),
            ]
        ) { call in
            guard let folder = call.services.configuration.cleanedData else {
                throw Problem(
                    409, "no-cleaned-data",
                    "the server's configuration names no folder `cleanedData`; `lethe data check` takes one")
            }
            let (id, logger) = (call["id"], call.services.logger)
            return try .json(
                await call.services.pool.readSlowly { workspace in
                    do {
                        let check = try workspace.checkCleanedData(of: id, in: folder)
                        return [
                            "run": .string(id), "holds": .bool(check.holds), "expected": .string(check.expected.hex),
                            "found": .string(check.found.hex), "expectedRecords": .string("\(check.expectedRecords)"),
                            "foundRecords": .string("\(check.foundRecords)"),
                        ]
                    } catch let error as any MachineFailureReporting
                        where !(error is ServiceError || error is StoreError || error.isMachineFailure)
                    {
                        // The error names files of this machine: for its log alone.
                        logger.warning("cleaned data", metadata: ["error": "\(Problem.logged(error))"])
                        throw Problem(
                            409, "bad-cleaned-data",
                            "the cleaned data cannot be read as this data set; the server's log says why")
                    }
                })
        },
    ]
}
