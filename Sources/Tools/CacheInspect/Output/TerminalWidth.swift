#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// How wide the terminal is.
public enum TerminalWidth {
    /// The columns of standard output: what the terminal says (ioctl(2), TIOCGWINSZ), else the environment's `COLUMNS`.
    ///
    /// - Returns: `nil` where neither is known, as in a pipe: nothing is cut off then.
    public static var current: Int? {
        var size = winsize()
        if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return getenv("COLUMNS").flatMap { Int(String(cString: $0)) }.flatMap { $0 > 0 ? $0 : nil }
    }
}
