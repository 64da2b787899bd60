/// Whether the gateway is to be sent work, and why not.
public struct Readiness: Hashable, Sendable {
    /// Whether connections are accepted.
    public var isListening = false
    /// Whether the gateway was told to stop.
    public var isDraining = false
    /// How far the backend's recovery is, in streams: `412/9000`, or `412` where the whole is not known; `nil` where it
    /// is done.
    public var recovery: String?
    /// Why the backend can't take uploads now: its own sentences.
    public var problems: [String] = []

    /// What is so before anything has begun.
    public init() {}

    /// Whether it is to be sent work.
    public var isReady: Bool { self.reasons.isEmpty }

    /// Why not, for everybody to read: words such as `draining`, `recovering 412/9000` or `storage_full`, without the
    /// paths that ``problems`` may name.
    public var reasons: [String] {
        var reasons: [String] = []
        if self.isDraining { reasons.append("draining") }
        if !self.isListening, !self.isDraining { reasons.append("starting") }
        if let recovery = self.recovery { reasons.append("recovering \(recovery)") }
        for problem in self.problems {
            let code = problem.prefix { $0 != ":" }
            let isCode = !code.isEmpty && code.utf8.allSatisfy { $0 == UInt8(ascii: "_") || Self.isLowercase($0) }
            let reason = isCode ? String(code) : "backend"
            if !reasons.contains(reason) { reasons.append(reason) }
        }
        return reasons
    }

    private static func isLowercase(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

    /// The body of `/readyz`: one JSON object.
    var json: String {
        // Reasons are words and numbers: there is nothing to escape.
        self.isReady
            ? #"{"status":"ready"}"# + "\n"
            : #"{"status":"unready","reasons":["# + self.reasons.map { "\"\($0)\"" }.joined(separator: ",") + "]}\n"
    }
}
