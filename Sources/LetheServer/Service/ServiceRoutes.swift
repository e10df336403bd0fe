import HTTPTypes
import LetheBytes
import LetheService
import LetheStore
import Synchronization

/// What operators and their machines ask: is it alive, is it ready, what has it counted, what can it do.
enum ServiceRoutes {
    static let all: [Route] = [
        Route(
            .get, "/health", operation: "health", tag: .service, "Whether the process answers at all.",
            access: .everybody,
            answers: [.json(200, "It does.", ["type": "object", "required": ["status"]])]
        ) { _ in try .json(["status": "alive"]) },
        Route(
            .get, "/ready", operation: "ready", tag: .service,
            "Whether calls can be answered: the ledger opens and is read, and the server does not end.",
            access: .everybody, answers: [.json(200, "They can.", ["type": "object", "required": ["status"]])]
        ) { call in
            guard !call.services.isEnding.load(ordering: .relaxed) else {
                throw Problem(503, "ending", "the server was asked to end", retryAfter: 5)
            }
            let size = try await call.services.pool.read { try $0.store.size() }
            return try .json(["status": "ready", "entries": .string("\(size)")])
        },
        Route(
            .get, "/metrics", operation: "metrics", tag: .service, "What was counted, in Prometheus' text format.",
            access: .metrics, answers: [.init(200, "The counts.", "text/plain; version=0.0.4; charset=utf-8")]
        ) { call in
            let services = call.services
            let entries = try await services.pool.read { try $0.store.size() }
            let loads = services.pool.loads.map { (label: "{kind=\"\($0.kind)\"}", value: Double($0.load)) }
            return .text(
                services.metrics.text(gauges: [
                    ("lethe_log_entries", "Entries in the log.", [("", Double(entries))]),
                    ("lethe_work_waiting", "Calls that wait for a thread, or have one.", loads),
                    (
                        "lethe_intake_waiting", "Requests that wait for the next group.",
                        [("", Double(services.intake.load))]
                    ),
                    (
                        "lethe_callbacks_watched", "Requests whose senders are told of changes.",
                        [("", Double(services.callbacks?.count ?? 0))]
                    ),
                ]), contentType: "text/plain; version=0.0.4; charset=utf-8")
        },
        Route(
            .get, "/openapi.json", operation: "openapi", tag: .service, "This API as an OpenAPI 3.1 document.",
            access: .everybody, answers: [.json(200, "The document.")]
        ) { call in try .json(OpenAPIDocument.of(API.table(call.services.configuration))) },
    ]
}
