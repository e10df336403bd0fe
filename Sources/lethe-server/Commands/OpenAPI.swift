import ArgumentParser
import LetheBytes
import LetheServer

/// `lethe-server openapi`
struct OpenAPI: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "openapi", abstract: "Print the API as an OpenAPI 3.1 document.")

    @OptionGroup var options: ServerOptions

    func run() throws {
        let document = OpenAPIDocument.of(API.table(try options.configuration()))
        print(String(decoding: document.prettyBytes(), as: UTF8.self), terminator: "")
    }
}
