public import ArgumentParser
import Foundation
import LetheBytes
import LetheCrypto
import LetheMachine
import LetheRequests
public import LetheServer
import LetheService

extension AccessRole: ExpressibleByArgument {}

/// `lethe-server token`
struct Token: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Make, list and revoke the tokens by which people and programs are known.",
        subcommands: [Create.self, List.self, Revoke.self])

    /// `lethe-server token create`
    struct Create: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "create", abstract: "Make a token and print it, once.",
            discussion: """
                The server keeps its SHA-256 alone. Where the policy has roles, --key names the file of the private key that its holder's \
                decisions are signed with: whoever has the token then decides as that person.
                """)

        @Option(name: .long, help: "What it is for: auditor, officer, engineer, administrator or partner.")
        var role: AccessRole

        @Option(name: .long, help: "Who holds it; for people, no log has it.")
        var name: String

        @Option(name: .long, help: "How many days it counts.")
        var expiresInDays = 90

        @Option(
            name: .long, help: ArgumentHelp("The holder's private key, PEM, without a passphrase.", valueName: "file"))
        var key: String?

        @OptionGroup var options: ServerOptions

        func validate() throws {
            guard role != .agent else {
                throw ValidationError("--role agent: the Data Rights Protocol's pair-wise setup makes those")
            }
            guard (1...TokenStore.maximumDays).contains(expiresInDays) else {
                throw ValidationError("--expires-in-days: expected 1 to \(TokenStore.maximumDays)")
            }
            guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw ValidationError("--name: expected 1 to 64 printable ASCII characters")
            }
        }

        func run() throws {
            let configuration = try options.configuration()
            let folder = try configuration.requireStateFolder()
            if let key { _ = try PrivateKeyFile.read(key, passphrase: nil) }
            let store = try TokenStore(folder: folder)
            let made = try store.create(
                name: name, role: role, days: expiresInDays, now: Clock.now(), keyFile: key.map(absolute))
            print(made.text)
        }

        private func absolute(_ path: String) -> String {
            path.hasPrefix("/") ? path : Files.join(FileManager.default.currentDirectoryPath, path)
        }
    }

    /// `lethe-server token list`
    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the tokens: everything but the tokens themselves.")

        @OptionGroup var options: ServerOptions

        func run() throws {
            let now = Clock.now()
            for token in try TokenStore(folder: options.configuration().requireStateFolder()).tokens() {
                let standing =
                    token.revokedAt.map { "revoked \($0)" } ?? (token.isValid(at: now) ? "counts" : "expired")
                print("\(token.id)  \(token.role.rawValue)  \(token.name)  until \(token.expiresAt)  \(standing)")
            }
        }
    }

    /// `lethe-server token revoke`
    struct Revoke: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "revoke", abstract: "End a token, and every session that was opened with it, at once.")

        @Argument(help: "The token's id, as `token list` prints it.")
        var id: String

        @OptionGroup var options: ServerOptions

        func run() throws {
            let store = try TokenStore(folder: options.configuration().requireStateFolder())
            guard let token = try store.revoke(id, now: Clock.now()) else { throw InputError("no token \(id)") }
            print("token \(token.id) (\(token.name)) counts no more")
        }
    }
}
