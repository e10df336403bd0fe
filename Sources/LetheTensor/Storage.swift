import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How much memory blocks of numbers took so far: what shows that a training step reserves nothing.
public enum StorageCount {
    private static let counter = Atomic<Int>(0)

    /// Bytes of all blocks ever made in this process.
    public static var bytes: Int { counter.load(ordering: .relaxed) }

    fileprivate static func add(_ bytes: Int) { counter.wrappingAdd(bytes, ordering: .relaxed) }
}

/// A fixed block of memory whose elements are plain numbers; it starts at a multiple of 64 bytes and begins as zeros.
///
/// Safety of `@unchecked Sendable`: the block itself never moves or changes its size, and whoever hands views of it to several
/// threads cuts them so that no element is written by one while another touches it.
package final class Storage<Element: BitwiseCopyable>: @unchecked Sendable {
    let base: UnsafeMutablePointer<Element>
    package let count: Int
    private let memory: UnsafeMutableRawPointer

    /// Traps where the system has no memory left.
    package init(count: Int) {
        // The system hands out large blocks as zeros without writing them: only what is used costs anything.
        let alignment = 64
        guard let memory = calloc(count * MemoryLayout<Element>.stride + alignment, 1) else {
            preconditionFailure("no memory for \(count) numbers")
        }
        StorageCount.add(count * MemoryLayout<Element>.stride)
        self.memory = memory
        base = memory.alignedUp(toMultipleOf: alignment).bindMemory(to: Element.self, capacity: max(count, 1))
        self.count = count
    }

    package convenience init(_ values: [Element]) {
        self.init(count: values.count)
        copy(from: values)
    }

    deinit {
        free(memory)
    }

    /// One element; traps outside the block.
    package subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "element \(index) of \(count)")
            return base[index]
        }
        set {
            precondition(index >= 0 && index < count, "element \(index) of \(count)")
            base[index] = newValue
        }
    }

    /// A copy of all elements.
    package var values: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

    /// Overwrites the block; traps unless the counts agree.
    package func copy(from values: [Element]) {
        precondition(values.count == count, "\(values.count) values for a block of \(count)")
        values.withUnsafeBufferPointer { source in
            if let start = source.baseAddress { base.update(from: start, count: count) }
        }
    }
}
