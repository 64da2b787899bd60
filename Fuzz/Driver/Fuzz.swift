import CLibFuzzer

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The target that the environment names in `FUZZ_TARGET`.
private let target: FuzzTarget = {
    let name = getenv("FUZZ_TARGET").map { String(cString: $0) } ?? ""
    guard let target = FuzzTarget(rawValue: name) else {
        let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
        stop("FUZZ_TARGET is to be one of \(names)")
    }
    return target
}()

private func stop(_ message: String) -> Never {
    let text = Array("fuzz: \(message)\n".utf8)
    _ = write(STDERR_FILENO, text, text.count)
    abort()
}

/// What libFuzzer calls with each input. Its own main function, which the linker brings along, asks for this name.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    do throws(BrokenProperty) {
        try target.check(Array(UnsafeBufferPointer(start: data, count: count)))
    } catch {
        stop("\(target.rawValue): \(error)")
    }
    return 0
}

/// Runs libFuzzer: the package manager gives every executable a main function of this kind.
@main
enum Fuzz {
    static func main() {
        var count = CommandLine.argc
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
        exit(LLVMFuzzerRunDriver(&count, &arguments) { testOneInput($0, $1) })
    }
}
