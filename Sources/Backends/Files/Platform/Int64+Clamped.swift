extension Int64 {
    /// The sum, or the largest or least number there is: what is found in files and directories may add up to anything.
    package func addingClamped(_ other: Int64) -> Int64 {
        let (sum, isPastEnd) = self.addingReportingOverflow(other)
        return isPastEnd ? (other < 0 ? .min : .max) : sum
    }

    /// The product, or the largest number there is.
    func multipliedClamped(by other: Int64) -> Int64 {
        let (product, isPastEnd) = self.multipliedReportingOverflow(by: other)
        return isPastEnd ? .max : product
    }
}
