import HTTPTypes
import LetheBytes
import LetheRequests
import Testing

@testable import LetheServer
@testable import LetheService

/// The document against the table that it is made from.
struct OpenAPITests {
    @Test func everyRouteIsInTheDocumentWithAllThatItAnswers() throws {
        let document = OpenAPIDocument.of(RouteTableTests.table)
        #expect(document["openapi"]?.stringValue == "3.1.0")
        let paths = try #require(document["paths"]?.objectValue)
        var operations = 0
        for route in RouteTableTests.table.routes where route.tag != .pages {
            let path = try #require(paths[route.path.replacing("...}", with: "}")], "\(route.path)")
            let operation = try #require(path[route.method.rawValue.lowercased()], "\(route.operation)")
            operations += 1
            #expect(operation["operationId"]?.stringValue == route.operation)
            #expect(
                Set(operation["responses"]?.objectValue?.keys.map { $0 } ?? []) == Set(route.statuses.map { "\($0)" }))
            #expect((operation["requestBody"] != nil) == (route.body != nil))
            #expect((operation["parameters"]?.arrayValue ?? []).count == route.parameters.count)
            let security = try #require(operation["security"]?.arrayValue)
            #expect(security.isEmpty == (route.access == .everybody), "\(route.operation)")
        }
        #expect(paths.values.reduce(0) { $0 + ($1.objectValue?.count ?? 0) } == operations)
        #expect(try StrictJSON.parse(document.canonicalBytes()) == document)
    }

    @Test func everyCallbackSaysWhatIsPostedAndWhere() throws {
        let document = OpenAPIDocument.of(RouteTableTests.table)
        let paths = try #require(document["paths"]?.objectValue)
        var names: [String: [String]] = [:]
        var operations: [String] = []
        for item in paths.values {
            for operation in item.objectValue?.values.map({ $0 }) ?? [] {
                let name = try #require(operation["operationId"]?.stringValue)
                operations.append(name)
                for (_, callback) in operation["callbacks"]?.objectValue ?? [:] {
                    for (url, item) in try #require(callback.objectValue) {
                        names[name, default: []].append(url)
                        let post = try #require(item["post"])
                        operations.append(try #require(post["operationId"]?.stringValue))
                        #expect(Set(post["responses"]?.objectValue?.keys.map { $0 } ?? []) == ["2XX", "default"])
                        #expect(post["requestBody"]?["content"]?["application/json"]?["schema"]?["required"] != nil)
                    }
                }
            }
        }
        #expect(
            names == [
                "drpExercise": ["{$request.body#/status_callback}"],
                "drpExerciseSlash": ["{$request.body#/status_callback}"],
                "opendsrCreate": ["{$request.body#/status_callback_urls/0}"],
            ])
        #expect(Set(operations).count == operations.count, "an operation's id twice")
    }

    /// What is posted is what the document says is.
    @Test func whatIsPostedHasTheFormOfTheDocument() async throws {
        let here = try CallbackDesk()
        let user = try #require(try here.desk.users().first)
        let (agent, partner) = (try here.agentToken(), try here.desk.token(.partner))
        let signed = try here.drp(user, callback: "https://agent.example/cb")
        let foreign = try here.openDSR(user, callbacks: ["https://agent.example/cb"])
        let paths = OpenAPIDocument.of(API.table(here.desk.configuration))["paths"]
        try await here.desk.run { client in
            for (path, operation, body, token, type) in [
                ("/drp/v1/data-rights-request", "{$request.body#/status_callback}", signed, agent, "text/plain"),
                (
                    "/opendsr/v2/requests", "{$request.body#/status_callback_urls/0}", foreign, partner,
                    "application/json"
                ),
            ] {
                let answer = try await client.post(path, body, token: token, type: type)
                #expect([200, 201].contains(answer.status), "\(answer.text)")
                if let id = try answer.json["request_id"]?.stringValue {
                    // An agent was told the first status by the answer.
                    _ = try here.desk.workspace().decide(.withdrawn, about: id)
                }
                try await here.sender.turn()
                let sent = try #require(here.network.take().first, "\(path)")
                let post = try #require(paths?[path]?["post"]?["callbacks"]?["statusCallback"]?[operation]?["post"])
                let schema = try #require(post["requestBody"]?["content"]?[sent.contentType]?["schema"])
                let told = try #require(try StrictJSON.parse(sent.body).objectValue)
                let members = try #require(schema["properties"]?.objectValue)
                #expect(Set(told.keys).isSubset(of: members.keys), "\(told.keys)")
                #expect(Set(told.keys).isSuperset(of: schema["required"]?.arrayValue?.compactMap(\.stringValue) ?? []))
                for (name, value) in told {
                    guard let choices = members[name]?["enum"]?.arrayValue else { continue }
                    #expect(choices.contains(value), "\(name)")
                }
                #expect(
                    Set(sent.headers.keys)
                        == Set(post["parameters"]?.arrayValue?.compactMap { $0["name"]?.stringValue } ?? []))
            }
        }
    }

    @Test func aDoorThatIsShutIsNotThere() {
        let routes = API.table(ServerConfiguration()).routes
        #expect(!routes.contains { $0.tag == .drp || $0.tag == .opendsr })
        #expect(Set(routes.map(\.tag)).isSuperset(of: [.service, .log, .certificates, .requests, .desk, .runs]))
    }
}
