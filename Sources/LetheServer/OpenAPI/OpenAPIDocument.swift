import HTTPTypes
public import LetheBytes

/// The OpenAPI 3.1 document, made from the table that the router is made from.
public enum OpenAPIDocument {
    /// The document of a table's routes; pages for people are left out.
    public static func of(_ table: RouteTable) -> JSONValue {
        var paths: [String: JSONValue] = [:]
        for route in table.routes where route.tag != .pages {
            let path = route.path.replacing("...}", with: "}")
            var operations = paths[path]?.objectValue ?? [:]
            operations[route.method.rawValue.lowercased()] = operation(route)
            paths[path] = .object(operations)
        }
        return [
            "openapi": "3.1.0",
            "info": [
                "title": "Lethe", "version": "0.1.0", "license": ["name": "Apache-2.0", "identifier": "Apache-2.0"],
                "description": .string(
                    "A right-to-be-forgotten ledger. Paths have one spelling; nothing in them is percent-encoded. "
                        + "Every answer has a header field X-Request-Id. Besides the answers listed, any path may be answered "
                        + "with 404, 405 and 429, and malformed HTTP with 400 and no body."),
            ],
            "tags": .array(
                Route.Tag.allCases.filter { $0 != .pages }.map { ["name": .string($0.rawValue)] }),
            "paths": .object(paths),
            "components": [
                "securitySchemes": ["token": ["type": "http", "scheme": "bearer"]],
                "schemas": ["Problem": Problem.schema, "DRPError": drpError, "OpenDSRError": opendsrError],
            ],
        ]
    }

    private static func operation(_ route: Route) -> JSONValue {
        var operation: [String: JSONValue] = [
            "operationId": .string(route.operation), "summary": .string(route.summary),
            "tags": [.string(route.tag.rawValue)],
        ]
        if !route.parameters.isEmpty { operation["parameters"] = .array(route.parameters.map(parameter)) }
        if let body = route.body {
            var media: [String: JSONValue] = [:]
            for type in body.mediaTypes { media[type] = ["schema": body.schema] }
            operation["requestBody"] = [
                "required": .bool(!body.isOptional), "description": .string(body.description),
                "content": .object(media),
            ]
        }
        switch route.access {
        case .everybody: operation["security"] = []
        case .metrics: operation["security"] = [[:], ["token": []]]
        case .roles(let roles):
            operation["security"] = [["token": []]]
            operation["description"] = .string(
                "For tokens of role \(roles.map(\.rawValue).sorted().joined(separator: ", ")).")
        }
        var responses: [String: JSONValue] = [:]
        for status in route.standardStatuses { responses["\(status)"] = refusal(status, route.errors) }
        for answer in route.answers { responses["\(answer.status)"] = response(answer, route.errors) }
        operation["responses"] = .object(responses)
        if !route.callbacks.isEmpty {
            operation["callbacks"] = .object(
                Dictionary(uniqueKeysWithValues: route.callbacks.map { ($0.name, callback($0, of: route)) }))
        }
        return .object(operation)
    }

    /// A callback object (OpenAPI 3.1, 4.8.18): one path item under the expression that finds the URL.
    private static func callback(_ callback: Route.Callback, of route: Route) -> JSONValue {
        var operation: [String: JSONValue] = [
            "operationId": .string(
                "\(route.operation)\(callback.name.prefix(1).uppercased())\(callback.name.dropFirst())"),
            "summary": .string(callback.summary), "description": .string(callback.description),
            "tags": [.string(route.tag.rawValue)],
            "requestBody": ["required": true, "content": ["application/json": ["schema": callback.schema]]],
            "responses": [
                "2XX": ["description": "It is taken. Nothing of the answer but its status is looked at."],
                "default": [
                    "description":
                        "It is not, as where nobody answers and with every redirection: tried again later, as often as the configuration of this server says, until the status changes."
                ],
            ],
        ]
        if !callback.headers.isEmpty {
            operation["parameters"] = .array(
                callback.headers.map {
                    [
                        "name": .string($0.name), "in": "header", "required": true,
                        "description": .string($0.description), "schema": ["type": "string"],
                    ]
                })
        }
        return .object([callback.url: ["post": .object(operation)]])
    }

    private static func parameter(_ parameter: Parameter) -> JSONValue {
        [
            "name": .string(parameter.name), "in": .string(parameter.place.rawValue),
            "required": .bool(parameter.isRequired), "description": .string(parameter.description),
            "schema": parameter.schema,
        ]
    }

    private static func response(_ answer: Route.Answer, _ style: Route.ErrorStyle) -> JSONValue {
        if answer.status >= 400, answer.mediaType == nil { return refusal(answer.status, style, answer.description) }
        var members: [String: JSONValue] = ["description": .string(answer.description)]
        if let type = answer.mediaType, !type.isEmpty {
            var content: [String: JSONValue] = [type: .object(answer.schema.map { ["schema": $0] } ?? [:])]
            for other in answer.alternatives { content[other] = [:] }
            members["content"] = .object(content)
        }
        return .object(members)
    }

    private static func refusal(_ status: Int, _ style: Route.ErrorStyle, _ description: String? = nil) -> JSONValue {
        let (type, schema): (String, String) =
            switch style {
            case .problem, .page: ("application/problem+json", "Problem")
            case .drp: ("application/json", "DRPError")
            case .opendsr: ("application/json", "OpenDSRError")
            }
        return [
            "description": .string(description ?? Problem.title(status)),
            "content": .object([type: ["schema": ["$ref": .string("#/components/schemas/\(schema)")]]]),
        ]
    }

    private static let drpError: JSONValue = [
        "type": "object", "required": ["code", "message"],
        "properties": ["code": ["type": "string"], "message": ["type": "string"]],
    ]
    private static let opendsrError: JSONValue = [
        "type": "object", "required": ["error"],
        "properties": [
            "error": [
                "type": "object", "required": ["code"],
                "properties": ["code": ["type": "integer"], "message": ["type": "string"]],
            ]
        ],
    ]
}
