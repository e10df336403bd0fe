import LetheBytes
import Testing

@testable import LetheServer

/// File, environment and what is printed of both.
struct ConfigurationTests {
    private func read(_ yaml: String, _ environment: [String: String] = [:]) throws -> ServerConfiguration {
        let folder = try TestFolder()
        try Files.write(Array(yaml.utf8), to: folder.path("server.yaml"))
        return try ServerConfiguration.read(file: folder.path("server.yaml"), environment: environment)
    }

    @Test func theEnvironmentWinsOverTheFile() throws {
        let configuration = try read(
            "version: 1\nport: 9000\nlimits:\n  bodyBytes: 2048\n",
            ["LETHE_SERVER_PORT": "9001", "LETHE_SERVER_LIMITS_BODY_BYTES": "4096", "PATH": "/bin"])
        #expect(configuration.port == 9_001)
        #expect(configuration.limits.bodyBytes == 4_096)
        #expect(configuration.host == "127.0.0.1")
    }

    @Test func whatIsPrintedReadsBackAsTheSame() throws {
        var configuration = ServerConfiguration()
        configuration.port = 1
        configuration.state = "a \"quoted\\ folder"
        configuration.publicURL = "https://desk.example"
        (configuration.benchmarks, configuration.cleanedData) = ("Reports/benchmarks", "cleaned data")
        (configuration.drpBusiness, configuration.drpAgents) = ("BIZ", "agents.json")
        configuration.limits.streams = 0
        configuration.metricsNeedToken = true
        configuration.callbacks.hosts = try #require([CallbackHost](hosts: "agent.example controller.example:8443"))
        configuration.callbacks.attempts = 3
        #expect(try read(configuration.yaml) == configuration)
    }

    @Test(arguments: [
        ("version: 2\n", "line 1, version"), ("version: 1\nport: 70000\n", "line 2, port"),
        ("version: 1\nprot: 1\n", "line 2, prot"), ("version: 1\nlimits:\n  bodyByte: 1\n", "limits.bodyByte"),
        ("version: 1\nport: \"80\"\n", "line 2, port"), ("version: 1\nport: 80\nport: 81\n", "line 3, port"),
        ("version: 1\ntls:\n  certificate: a.pem\n", "tls"), ("version: 1\npublicURL: ftp://x\n", "publicURL"),
        ("version: 1\nlogLevel: loud\n", "line 2, logLevel"), ("- 1\n", "server.yaml"), ("", "server.yaml"),
        ("version: 1\nhost: \"a\\nb\"\n", "host"), ("version: 1\ncallbacks:\n  hosts: \"*\"\n", "callbacks.hosts"),
        ("version: 1\ncallbacks:\n  hosts: \"127.0.0.1\"\n", "callbacks.hosts"),
        ("version: 1\ncallbacks:\n  hosts: \"localhost\"\n", "callbacks.hosts"),
        ("version: 1\ncallbacks:\n  hosts: [\"a.example\"]\n", "callbacks.hosts"),
        ("version: 1\ncallbacks:\n  hosts: \"a.example\"\n", "callbacks.hosts"),
        ("version: 1\ncallbacks:\n  attempts: 0\n", "line 3, callbacks.attempts"),
        ("version: 1\ncallbacks:\n  timeoutSeconds: 16\n", "line 3, callbacks.timeoutSeconds"),
    ])
    func aFaultIsNamedWithItsPlace(yaml: String, place: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try read(yaml) }
        #expect(error?.place.contains(place) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        ("LETHE_SERVER_PROT", "1"), ("LETHE_SERVER_PORT", "x"), ("LETHE_SERVER_PORT", "+80"),
        ("LETHE_SERVER_METRICS_NEED_TOKEN", "yes"), ("LETHE_SERVER_HOST", ""),
        ("LETHE_SERVER_CALLBACKS_HOSTS", "https://a.example"),
    ])
    func aVariableThatMeansNothingIsRefused(variable: String, value: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try read("version: 1\n", [variable: value]) }
        #expect(error?.place == variable)
    }

    @Test func everySettingHasAVariableOfItsOwn() {
        #expect(Set(Setting.all.map(\.variable)).count == Setting.all.count)
        #expect(Setting.all.map(\.variable).contains("LETHE_SERVER_LIMITS_PER_MINUTE_AND_ADDRESS"))
    }
}
