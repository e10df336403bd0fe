import Foundation
import Glibc
public import LetheCrypto

/// Where a passphrase comes from: a file, or the person at the terminal. Never the command line, which every user of the machine can read.
public struct PassphraseSource: Sendable {
    private let file: String?

    /// A named file; else the one that LETHE_PASSPHRASE_FILE names; else the terminal.
    public init(file: String?) {
        let named = ProcessInfo.processInfo.environment["LETHE_PASSPHRASE_FILE"].flatMap { $0.isEmpty ? nil : $0 }
        self.file = file ?? named
    }

    /// The passphrase of keys that exist.
    public func read() throws -> Passphrase {
        if let file { return try Passphrase(file: file) }
        return try ask("Passphrase: ")
    }

    /// A passphrase for keys to be written: long enough, and typed twice where it is typed.
    public func readNew() throws -> Passphrase {
        let passphrase = try file.map { try Passphrase(file: $0) } ?? ask("New passphrase: ")
        try passphrase.requireStrength()
        if file == nil, try !ask("Once more: ").equals(passphrase) { throw PassphraseError.notRepeated }
        return passphrase
    }

    /// Reads a line from the terminal without showing it.
    private func ask(_ prompt: String) throws -> Passphrase {
        let terminal = Glibc.open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { throw PassphraseError.unavailable }
        defer { close(terminal) }
        var shown = termios()
        guard tcgetattr(terminal, &shown) == 0 else { throw PassphraseError.unavailable }
        var hidden = shown
        // Byte by byte and without signals: Control-C must not end the process while the terminal shows nothing.
        hidden.c_lflag &= ~tcflag_t(ECHO | ISIG | ICANON)
        hidden.c_cc.5 = 0  // VTIME
        hidden.c_cc.6 = 1  // VMIN
        guard tcsetattr(terminal, TCSAFLUSH, &hidden) == 0 else { throw PassphraseError.unavailable }
        defer {
            _ = tcsetattr(terminal, TCSAFLUSH, &shown)
            say("\n", terminal)
        }
        say(prompt, terminal)
        var line: [UInt8] = []
        line.reserveCapacity(1100)
        var byte: UInt8 = 0
        reading: while line.count < 1100, Glibc.read(terminal, &byte, 1) == 1 {
            switch byte {
            case 0x0A, 0x0D: break reading
            case 0x03, 0x04, 0x1A: throw InputError("passphrase: interrupted; nothing was written")
            case 0x08, 0x7F: _ = line.popLast()
            case 0x15: line.removeAll(keepingCapacity: true)
            default: line.append(byte)
            }
        }
        return try Passphrase(taking: &line)
    }

    private func say(_ text: String, _ terminal: Int32) {
        let bytes = Array(text.utf8)
        _ = Glibc.write(terminal, bytes, bytes.count)
    }
}
