import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A terminal at which a test sits (openpty(3)).
final class Terminal {
    /// What the program at the terminal has as its standard input.
    let input: FileHandle
    private let keyboard: FileHandle

    init() throws {
        var (keyboard, input): (Int32, Int32) = (-1, -1)
        try #require(openpty(&keyboard, &input, nil, nil, nil) == 0)
        self.keyboard = FileHandle(fileDescriptor: keyboard, closeOnDealloc: false)
        self.input = FileHandle(fileDescriptor: input, closeOnDealloc: false)
    }

    /// Types.
    func type(_ keys: String) throws { try self.keyboard.write(contentsOf: Data(keys.utf8)) }

    /// Takes the terminal away, which the program should have ended before.
    func close() throws {
        try self.input.close()
        try self.keyboard.close()
    }
}
