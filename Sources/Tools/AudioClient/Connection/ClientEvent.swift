/// What the client does beyond what it was asked for, and how far it has got.
public enum ClientEvent: Sendable {
    /// Connecting failed, and is tried again.
    case retrying(attempt: Int, of: Int, after: ClientError)
    /// The server does not take the chunks; the upload begins anew with smaller ones.
    case smallerChunks(from: Int, to: Int, because: ClientError)
    /// A transfer broke off and goes on over a new connection.
    case resuming(offset: Int64, after: ClientError)
    /// A connection broke off, and what was asked over it is asked again over a new one.
    case repeating(after: ClientError)
    /// So many bytes of an upload were sent.
    case sent(Int64)
    /// So many bytes of a download have come.
    case received(Int64)

    /// What a person should know of it; `nil` for progress.
    public var notice: String? {
        switch self {
        case .retrying(let attempt, let of, let error): "\(error.sentence) Trying again (\(attempt) of \(of))."
        case .smallerChunks(let from, let to, let error):
            "\(error.sentence) Perhaps chunks of \(from) bytes are too big for it: trying once more with \(to)."
        case .resuming(let offset, let error): "\(error.sentence) Going on at byte \(offset)."
        case .repeating(let error): "\(error.sentence) Asking again."
        case .sent, .received: nil
        }
    }
}
