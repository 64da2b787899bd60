/// What a client marks a message with to find its answer.
public enum RequestID: Hashable, Sendable {
    /// A string, of at most ``maximumLength`` bytes.
    case string(String)
    /// A whole number.
    case integer(Int64)

    /// The longest string, in UTF-8 bytes.
    public static let maximumLength = 128
}
