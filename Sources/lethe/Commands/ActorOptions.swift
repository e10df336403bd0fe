import ArgumentParser
import LetheBytes
import LetheCrypto
import LetheMachine
import LetheRequests
import LetheService

/// Who decides, where the policy has roles.
struct ActorOptions: ParsableArguments {
    @Option(
        name: .customLong("as"),
        help: ArgumentHelp(
            "Where the policy has roles: the private key, PEM, of who takes the decision, registered by lethe key register.",
            valueName: "file"))
    var actor: String?

    @Option(
        name: .customLong("as-passphrase-file"),
        help: ArgumentHelp(
            "For an encrypted --as: a file, readable by you alone, whose first line is its passphrase. Default: as for the "
                + "workspace's keys.", valueName: "file"))
    var actorPassphraseFile: String?

    /// The key; nil where none is named.
    func key(_ options: PassphraseOptions) throws -> SigningKey? {
        guard let actor else { return nil }
        var options = options
        if let actorPassphraseFile { options.passphraseFile = actorPassphraseFile }
        return try readPrivateKey(actor, options)
    }

    /// The key, where the command makes no sense without one.
    func requiredKey(_ options: PassphraseOptions) throws -> SigningKey {
        guard let key = try key(options) else {
            throw InputError("--as: expected the private key of who decides, found no such option")
        }
        return key
    }
}
