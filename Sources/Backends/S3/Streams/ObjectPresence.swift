/// Whether an object that is being made is there, as far as that is known: a request that makes it may have been done
/// though no answer came.
enum ObjectPresence: Hashable, Sendable {
    /// It is not: nothing was sent that makes it, or the store refused it.
    case absent
    /// It may be: a request that makes it was not answered.
    case doubtful
    /// It was not, when the store was asked after such a request; which may still be at work.
    case late
    /// It is.
    case stored

    /// A request that makes the object failed.
    mutating func note(_ failure: S3Failure) { if failure.mayBeDone { self = .doubtful } }

    /// The store was asked for the object.
    ///
    /// - Parameter isOurs: Whether it has one, and it is the one that is being made.
    mutating func noteLook(isOurs: Bool) {
        if isOurs { self = .stored } else if self == .doubtful { self = .late }
    }
}
