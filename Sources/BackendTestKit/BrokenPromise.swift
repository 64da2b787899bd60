/// What a check found: which promise the backend does not keep, and how that showed.
public struct BrokenPromise: Error, CustomStringConvertible {
    /// The promise, as a sentence.
    public var promise: String
    /// What happened instead.
    public var finding: String
    /// The check's file.
    public var file: String
    /// The line in the file.
    public var line: Int

    init(_ finding: String, promise: String = "", file: String = #fileID, line: Int = #line) {
        self.promise = promise
        self.finding = finding
        self.file = file
        self.line = line
    }

    /// Promise, finding and place.
    public var description: String { "Not kept: “\(self.promise)”. \(self.finding) (\(self.file):\(self.line))" }
}

/// Reports a finding where a condition does not hold.
func require(
    _ condition: Bool,
    _ finding: @autoclosure () -> String,
    file: String = #fileID,
    line: Int = #line
) throws(BrokenPromise) {
    if !condition { throw BrokenPromise(finding(), file: file, line: line) }
}
