/// What the process uses, under the names that Prometheus' client libraries share; what the system does not tell is
/// `nil`.
struct ProcessFigures: Hashable {
    var residentBytes: Double?
    var virtualBytes: Double?
    var openDescriptors: Double?
    var maximumDescriptors: Double?
    /// In user and system mode.
    var processorSeconds: Double?
    /// Since 1970.
    var startSeconds: Double?

    /// Reads Linux' `/proc/self/stat` (proc(5)).
    ///
    /// - Parameters:
    ///   - stat: The file's text.
    ///   - ticksPerSecond: The unit of its times.
    ///   - pageBytes: The unit of its resident memory.
    ///   - bootSeconds: When the machine started, in seconds since 1970; `nil` where that is not known.
    mutating func take(stat: String, ticksPerSecond: Double, pageBytes: Double, bootSeconds: Double?) {
        // The command's name, in parentheses, may have any character in it; the fields after it have none.
        guard ticksPerSecond > 0, let end = stat.utf8.lastIndex(of: UInt8(ascii: ")")) else { return }
        let fields = stat[stat.utf8.index(after: end)...].split { $0 == " " || $0 == "\n" }
        // The first of these is the third of the manual page's.
        func field(_ number: Int) -> Double? {
            let index = number - 3
            return index < fields.count ? Double(fields[index]) : nil
        }
        if let user = field(14), let system = field(15) { self.processorSeconds = (user + system) / ticksPerSecond }
        if let boot = bootSeconds, let start = field(22) { self.startSeconds = boot + start / ticksPerSecond }
        self.virtualBytes = field(23)
        self.residentBytes = field(24).map { $0 * pageBytes }
    }

    /// When the machine started, by Linux' `/proc/stat`, in seconds since 1970.
    static func bootSeconds(_ stat: String) -> Double? {
        for line in stat.split(separator: "\n") where line.hasPrefix("btime ") {
            return Double(line.dropFirst("btime ".count).filter { $0 != " " })
        }
        return nil
    }
}
