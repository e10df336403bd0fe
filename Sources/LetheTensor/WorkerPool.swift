#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A job's pieces as an object works on them: given to the pool again and again it takes nothing from the heap, as a closure does.
public protocol PieceWork: AnyObject, Sendable {
    /// Works on one piece; called from several threads at once.
    func work(on piece: Int)
}

/// Threads that share out the pieces of a job and wait, without spinning, between jobs.
///
/// Which thread works on which piece is left to chance; a job's result must therefore depend on the pieces alone, never on threads.
/// The calling thread works too, so `threads: 1` starts none.
public final class WorkerPool: Sendable {
    /// How many threads work on a job, the caller among them.
    public let threads: Int
    private let crew: Crew

    /// Starts `threads - 1` threads; traps when `threads` is not positive.
    public init(threads: Int) {
        precondition(threads > 0, "a pool needs at least one thread, not \(threads)")
        self.threads = threads
        crew = Crew(helpers: threads - 1)
    }

    deinit {
        crew.dismiss()
    }

    /// Calls `body` once with every number from 0 up to `pieces` and returns when all calls have returned.
    ///
    /// Calls from several threads take turns. `body` must not call `run` of the same pool.
    public func run(pieces: Int, _ body: @Sendable (Int) -> Void) {
        if threads == 1 || pieces <= 1 {
            for piece in 0..<max(pieces, 0) { body(piece) }
        } else {
            withoutActuallyEscaping(body) { crew.run(pieces: pieces, .body($0)) }
        }
    }

    /// The same with an object in place of a closure.
    public func run(pieces: Int, _ work: any PieceWork) {
        if threads == 1 || pieces <= 1 {
            for piece in 0..<max(pieces, 0) { work.work(on: piece) }
        } else {
            crew.run(pieces: pieces, .object(work))
        }
    }
}

/// The threads of a pool and the job that they share.
///
/// Safety of `@unchecked Sendable`: every stored variable is touched only while `lock` is held.
private final class Crew: @unchecked Sendable {
    enum Job: Sendable {
        case body(@Sendable (Int) -> Void)
        case object(any PieceWork)

        func work(on piece: Int) {
            switch self {
            case .body(let body): body(piece)
            case .object(let object): object.work(on: piece)
            }
        }
    }

    private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let wake = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private let done = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var handles: [pthread_t] = []

    private var job: Job?
    private var pieces = 0
    private var next = 0
    private var unfinished = 0
    private var isBusy = false
    private var isDismissed = false

    init(helpers: Int) {
        pthread_mutex_init(lock, nil)
        pthread_cond_init(wake, nil)
        pthread_cond_init(done, nil)
        for _ in 0..<helpers {
            #if canImport(Darwin)
            var handle: pthread_t?
            #else
            var handle = pthread_t()
            #endif
            // The thread keeps the crew alive until `dismiss` ends it.
            let context = Unmanaged.passRetained(self).toOpaque()
            let status = pthread_create(&handle, nil, helperMain, context)
            precondition(status == 0, "the system refused a thread: error \(status)")
            #if canImport(Darwin)
            if let handle { handles.append(handle) }
            #else
            handles.append(handle)
            #endif
        }
    }

    deinit {
        pthread_cond_destroy(done)
        pthread_cond_destroy(wake)
        pthread_mutex_destroy(lock)
        done.deallocate()
        wake.deallocate()
        lock.deallocate()
    }

    func run(pieces: Int, _ job: Job) {
        pthread_mutex_lock(lock)
        while isBusy { pthread_cond_wait(done, lock) }
        isBusy = true
        self.job = job
        self.pieces = pieces
        next = 0
        unfinished = pieces
        pthread_cond_broadcast(wake)
        work()
        while unfinished > 0 { pthread_cond_wait(done, lock) }
        self.job = nil
        isBusy = false
        pthread_cond_broadcast(done)
        pthread_mutex_unlock(lock)
    }

    /// Takes pieces until none is left. The lock is held on entry and on return, not while a piece is worked on.
    private func work() {
        while next < pieces, let job {
            let piece = next
            next += 1
            pthread_mutex_unlock(lock)
            job.work(on: piece)
            pthread_mutex_lock(lock)
            unfinished -= 1
            if unfinished == 0 { pthread_cond_broadcast(done) }
        }
    }

    fileprivate func serve() {
        pthread_mutex_lock(lock)
        while !isDismissed {
            work()
            if !isDismissed && next >= pieces { pthread_cond_wait(wake, lock) }
        }
        pthread_mutex_unlock(lock)
    }

    func dismiss() {
        pthread_mutex_lock(lock)
        isDismissed = true
        pthread_cond_broadcast(wake)
        pthread_mutex_unlock(lock)
        for handle in handles { pthread_join(handle, nil) }
    }
}

#if canImport(Darwin)
private func helperMain(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
    Unmanaged<Crew>.fromOpaque(context).takeRetainedValue().serve()
    return nil
}
#else
private func helperMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<Crew>.fromOpaque(context).takeRetainedValue().serve() }
    return nil
}
#endif
