import GRDB

extension Row {
    /// The value of a column; `nil` where it is NULL, or of another kind than is wanted.
    ///
    /// GRDB's own subscripts end the process for a value that can't be converted. SQLite keeps any kind of value in any
    /// column, so a damaged index may have any.
    func value<Value: DatabaseValueConvertible>(_ index: Int) -> Value? {
        Value.fromDatabaseValue(self[index] as DatabaseValue)
    }
}

extension Int64 {
    /// The sum, or the largest or least number there is: what a damaged index says may add up to anything.
    package func addingClamped(_ other: Int64) -> Int64 {
        let (sum, isPastEnd) = self.addingReportingOverflow(other)
        return isPastEnd ? (other < 0 ? .min : .max) : sum
    }
}
