public import LetheRecommendation
public import LetheStore

// Errors of the rooms below that can be the machine's fault: exit code 3 instead of 2.

extension StoreError: MachineFailureReporting {}

extension DatasetError: MachineFailureReporting {
    /// True where a file is there and cannot be read.
    public var isMachineFailure: Bool {
        if case .unreadable(_, let isMachineFailure) = self { isMachineFailure } else { false }
    }
}

extension SynthesisError: MachineFailureReporting {
    /// True where the files cannot be written.
    public var isMachineFailure: Bool {
        if case .unwritable(_, let isMachineFailure) = self { isMachineFailure } else { false }
    }
}
