/// An access key, its secret, and the session token of temporary ones. Its description never has the secret.
public struct S3Credentials: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    /// The public part, which every request names.
    public var accessKeyID: String
    let secretAccessKey: String
    let sessionToken: String?

    /// Takes credentials.
    ///
    /// - Parameters:
    ///   - accessKeyID: The public part.
    ///   - secretAccessKey: The secret part, which signs and is never sent.
    ///   - sessionToken: What a service that hands out temporary credentials gave with them.
    public init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }

    /// The access key's id alone.
    public var description: String { "credentials of \(self.accessKeyID)" }
    /// The access key's id alone.
    public var debugDescription: String { self.description }
    /// Nothing: a dump of a value that holds credentials shows none.
    public var customMirror: Mirror { Mirror(self, children: []) }
}
