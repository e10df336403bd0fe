public import LetheBytes
public import LetheCrypto
public import LetheRecommendation
public import LetheStore

/// An error that knows whether the machine failed (exit code 3) or the input was bad (exit code 2).
public protocol MachineFailureReporting: Error {
    /// True where disk, permission or database failed.
    var isMachineFailure: Bool { get }
}

extension FileError: MachineFailureReporting {}
extension StoreError: MachineFailureReporting {}

extension PassphraseError: MachineFailureReporting {
    /// True where the passphrase's file is there and the machine cannot read it.
    public var isMachineFailure: Bool {
        if case .file(let error) = self { error.isMachineFailure } else { false }
    }
}

extension ServiceError: MachineFailureReporting {
    /// True where nobody answers; everything else that the service refuses is input.
    public var isMachineFailure: Bool {
        switch self {
        case .unreachable: true
        case .quorumMissed(_, _, let isMachineFailure), .timestampsMissed(_, _, let isMachineFailure):
            isMachineFailure
        default: false
        }
    }

    /// True where something was checked and does not hold: exit code 1.
    public var isFailedCheck: Bool {
        switch self {
        case .quorumMissed, .timestampsMissed: !isMachineFailure
        case .recipientsPending, .bundleDoesNotHold: true
        default: false
        }
    }
}

extension KeyError: MachineFailureReporting {
    /// True where a key's file could not be read or written; a key that is no key is bad input.
    public var isMachineFailure: Bool {
        if case .file(let error) = self { error.isMachineFailure } else { false }
    }
}

extension CryptographyLibraryError: MachineFailureReporting {
    /// An installation without the algorithms is never the input's fault.
    public var isMachineFailure: Bool { true }
}

extension DatasetError: MachineFailureReporting {
    /// True where a file is there and cannot be read.
    public var isMachineFailure: Bool {
        if case .unreadable(_, let isMachineFailure) = self { isMachineFailure } else { false }
    }
}

extension SynthesisError: MachineFailureReporting {
    /// Settings are input; files that cannot be written are the machine's.
    public var isMachineFailure: Bool {
        switch self {
        case .invalidSetting: false
        case .unwritable(_, let isMachineFailure): isMachineFailure
        }
    }
}
