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
