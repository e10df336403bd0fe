import Foundation
import LetheListener
import Testing

/// A `lethe` that runs beside the test until it is told to end.
final class ServedProcess {
    private let process = Process()
    private let output: URL
    private let errors: URL

    /// Starts `lethe` with these arguments and waits for `lines` lines on its standard output.
    init(_ arguments: [String], in folder: TemporaryFolder, lines: Int) throws {
        output = folder.url.appending(path: ".output-\(UUID().uuidString)")
        errors = folder.url.appending(path: ".errors-\(UUID().uuidString)")
        try Data().write(to: output)
        try Data().write(to: errors)
        process.executableURL = LetheCommand.executable
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        while try said().count < lines {
            let complaint = try complaint()
            try #require(process.isRunning, "ended at once: \(complaint)")
            usleep(10_000)
        }
    }

    deinit {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
    }

    /// The lines that it has said.
    func said() throws -> [String] {
        String(decoding: try Data(contentsOf: output), as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// What it said on standard error.
    func complaint() throws -> String { String(decoding: try Data(contentsOf: errors), as: UTF8.self) }

    /// Sends a signal and waits for the end; the exit code, or the signal's number where that ended it.
    func end(_ signal: Int32) -> Int32 {
        kill(process.processIdentifier, signal)
        process.waitUntilExit()
        return process.terminationStatus
    }
}

/// A web server of this process, for whoever a test wants to play.
final class PlayedServer {
    let url: String
    private let stop: StopSwitch
    private let done = DispatchSemaphore(value: 0)

    init(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) throws {
        let clock = ContinuousClock()
        let start = clock.now
        let listener = try HTTPListener(
            ListenAddress("127.0.0.1:0"), seconds: { (clock.now - start) / .seconds(1) })
        url = "http://127.0.0.1:\(listener.port)"
        let (stop, done) = (try StopSwitch(), done)
        self.stop = stop
        nonisolated(unsafe) let serving = listener
        Thread.detachNewThread {
            try? serving.serve(until: stop, answer)
            done.signal()
        }
    }

    deinit {
        stop.stop()
        done.wait()
    }
}
