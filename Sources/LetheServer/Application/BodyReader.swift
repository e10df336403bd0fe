import Hummingbird
import NIOCore
import NIOHTTP1

/// Reads bodies whole: within a number of bytes and a number of seconds, however slowly they arrive.
enum BodyReader {
    /// The body of `request`.
    /// - Throws: `Problem`, statuses 400, 408 and 413: the connection is of no use afterwards; `HTTPParserError` where what comes is no HTTP,
    ///   which the connection itself answers.
    static func read(_ request: Request, limit: Int, seconds: Int) async throws -> [UInt8] {
        if let announced = request.headers[.contentLength] {
            guard let length = Parameter.number(announced) else {
                throw Problem(400, "bad-length", "Content-Length: expected a number")
            }
            guard length <= UInt64(limit) else { throw tooLarge(limit) }
            guard length > 0 else { return [] }
        } else if request.headers[.transferEncoding] == nil {
            return []
        }
        return try await withThrowingTaskGroup(of: [UInt8]?.self) { group in
            group.addTask {
                do { return try await collect(request, limit) } catch let error as HTTPParserError {
                    throw error
                } catch let problem as Problem { throw problem } catch {
                    throw Problem(400, "broken-off", "the body did not arrive whole")
                }
            }
            group.addTask {
                try await Task.sleep(for: .seconds(seconds))
                return nil
            }
            defer { group.cancelAll() }
            guard let bytes = try await group.next() ?? nil else {
                throw Problem(408, "too-slow", "expected the whole body within \(seconds) seconds")
            }
            return bytes
        }
    }

    private static func collect(_ request: Request, _ limit: Int) async throws -> [UInt8] {
        var bytes: [UInt8] = []
        for try await part in request.body {
            guard bytes.count + part.readableBytes <= limit else { throw tooLarge(limit) }
            bytes += part.readableBytesView
        }
        return bytes
    }

    private static func tooLarge(_ limit: Int) -> Problem {
        Problem(413, "too-large", "expected at most \(limit) bytes")
    }
}
