import ArgumentParser
import LetheService

/// What the process tells its caller; the numbers never change.
enum ExitStatus: Int32 {
    /// Done, or the thing checked holds.
    case done = 0
    /// Checked and does not hold: tampered, or a verdict that is not a pass.
    case doesNotHold = 1
    /// Wrong usage or bad input.
    case badInput = 2
    /// The machine failed: disk, permission, database.
    case machineFailed = 3

    /// The one place where errors become exit codes.
    init(of error: any Error) {
        switch error {
        case is DoesNotHold: self = .doesNotHold
        case let error as ServiceError where error.isFailedCheck: self = .doesNotHold
        case let error as any MachineFailureReporting: self = error.isMachineFailure ? .machineFailed : .badInput
        default: self = Lethe.exitCode(for: error) == .success ? .done : .badInput
        }
    }

    /// What to print: the help that was asked for, or one line that says what went wrong.
    func message(for error: any Error) -> String {
        if let error = error as? DoesNotHold { return error.reason }
        if self == .done { return Lethe.fullMessage(for: error) }
        if Lethe.isParserError(error) { return Lethe.fullMessage(for: error) }
        return "lethe: \(error)"
    }
}

/// Ends a command whose check did not hold; what did not hold is on standard output already, or in `reason`.
struct DoesNotHold: Error {
    var reason = ""
}

extension Lethe {
    /// Whether ArgumentParser itself made the error, so that it should also say how the command is used.
    static func isParserError(_ error: any Error) -> Bool {
        error is ValidationError || error is CleanExit || exitCode(for: error) == .validationFailure
    }
}
