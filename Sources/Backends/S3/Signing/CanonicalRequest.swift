/// A request in the one form that client and store derive alike, so that both compute one signature (AWS Signature
/// Version 4, "Create a canonical request").
struct CanonicalRequest: Hashable, Sendable {
    /// The names of the headers that are signed, joined by semicolons.
    let signedHeaders: String
    /// The form itself.
    let text: String

    /// Puts a request in order.
    ///
    /// - Parameters:
    ///   - method: The method, in capitals.
    ///   - path: The path, not encoded, beginning with a slash.
    ///   - query: The query's names and values, not encoded.
    ///   - headers: The headers to be signed, `host` among them. Values of one name are joined in the order given.
    ///   - payload: The hexadecimal SHA-256 of the body, or what stands for it.
    init(
        method: String,
        path: String,
        query: [(name: String, value: String)],
        headers: [(name: String, value: String)],
        payload: String
    ) {
        let pairs = query.map { (PercentEncoding.encode($0.name), PercentEncoding.encode($0.value)) }
        let sorted = pairs.sorted { Self.precedes($0.0, $1.0) || $0.0 == $1.0 && Self.precedes($0.1, $1.1) }
        var values: [String: [String]] = [:]
        for header in headers { values[header.name.lowercased(), default: []].append(Self.trimmed(header.value)) }
        let names = values.keys.sorted(by: Self.precedes)
        self.signedHeaders = names.joined(separator: ";")
        self.text =
            ([
                method, PercentEncoding.encode(path, keepsSlashes: true),
                sorted.map { "\($0.0)=\($0.1)" }.joined(separator: "&"),
            ]
            + names.map { "\($0):\((values[$0] ?? []).joined(separator: ","))" }
            + ["", self.signedHeaders, payload]).joined(separator: "\n")
    }

    /// The order of bytes, which is that of the signature's specification; Swift's own of strings is another.
    private static func precedes(_ lhs: String, _ rhs: String) -> Bool {
        lhs.utf8.lexicographicallyPrecedes(rhs.utf8)
    }

    /// The value without space around it, and with single spaces in it.
    private static func trimmed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
}
