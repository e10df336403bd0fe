import Foundation
import Synchronization

/// Ctrl-C and the polite request to end, kept until a computation has reached a place where it can stop.
public enum Interruption {
    private static let signalNumber = Atomic<Int32>(0)

    /// From now on the first signal is only remembered; the second ends the process at once.
    public static func watch() {
        _ = isRequested  // The handler must not be the first to touch the flag.
        // A parent may have started this process with both blocked.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGINT)
        sigaddset(&signals, SIGTERM)
        pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        for number in [SIGINT, SIGTERM] {
            signal(number) { number in
                Interruption.signalNumber.store(number, ordering: .relaxed)
                signal(number, SIG_DFL)
            }
        }
    }

    /// Whether somebody asked to stop.
    public static var isRequested: Bool { signalNumber.load(ordering: .relaxed) != 0 }

    /// Ends the process by the signal that came, so that a shell or a scheduler sees what ended it.
    public static func end() -> Never {
        let number = signalNumber.load(ordering: .relaxed)
        signal(number, SIG_DFL)
        raise(number)
        exit(3)
    }
}
