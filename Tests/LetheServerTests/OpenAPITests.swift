import HTTPTypes
import LetheBytes
import Testing

@testable import LetheServer

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

    @Test func aDoorThatIsShutIsNotThere() {
        let routes = API.table(ServerConfiguration()).routes
        #expect(!routes.contains { $0.tag == .drp || $0.tag == .opendsr })
        #expect(Set(routes.map(\.tag)).isSuperset(of: [.service, .log, .certificates, .requests, .desk, .runs]))
    }
}
