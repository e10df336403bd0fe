import LetheBytes
import LetheCrypto
import LetheRequests
import LetheService

/// What a sender is told of a request: the status as the format has it, to one of its URLs.
///
/// DRP posts the status object (sections 2.03, 3.03). OpenDSR names the URL in the body too and signs the bytes as it signs answers (8.6), so
/// that what was meant for one receiver cannot be shown to another.
struct CallbackMessage: Sendable, Redacted {
    /// The status, in the format's own words.
    let word: String
    private let url: String
    private let body: [UInt8]
    private let format: RequestFormat

    /// The message about `record` to the place `place` of a callback; nil where nothing can be told there any more.
    init?(
        about record: RequestRecord, to place: Int, of callback: Callback, from workspace: Workspace,
        _ services: Services
    ) throws {
        guard let sealed = callback.sealed, services.callbacks?.allows(callback.targets[place].host) == true,
            let urls = try workspace.openCallbacks(sealed, of: callback.request), urls.indices.contains(place),
            CallbackHost(url: urls[place]) == callback.targets[place].host,
            var status = callback.format.status(of: record, from: workspace)
        else { return nil }
        format = callback.format
        url = urls[place]
        if format == .opendsr {
            guard services.opendsrSigner != nil else { return nil }
            status = status.adding(["status_callback_url": .string(url)])
        }
        body = try status.canonicalBytes()
        word = Self.word(record.state, in: format)
    }

    /// What a state is called in a format, with its reason where it has one: whether a sender has to be told is whether this changed.
    static func word(_ state: RequestState, in format: RequestFormat) -> String {
        switch format {
        case .native: return state.name
        case .drp:
            let status = DRPStatus(state)
            return [status.status.rawValue, status.reason?.rawValue].compactMap(\.self).joined(separator: "/")
        case .opendsr: return OpenDSRStatus(state).rawValue
        }
    }

    /// The call to make.
    func post(_ services: Services, answerLimit: Int) -> WebRequest {
        let signature = format == .opendsr ? services.opendsrSignature(over: body) : []
        return WebRequest(
            url: url, contentType: "application/json", body: body, answerLimit: answerLimit,
            headers: Dictionary(signature.map { ($0.name, $0.value) }) { first, _ in first },
            seconds: services.configuration.callbacks.timeoutSeconds, reach: .publicInternet)
    }
}
