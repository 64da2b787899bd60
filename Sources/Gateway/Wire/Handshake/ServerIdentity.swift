/// How this system's servers name themselves, and how its clients know them by it.
public enum ServerIdentity {
    /// The product's name in the `Server` header (RFC 9110, 10.2.4).
    public static let product = "audio-stream-cache"
    /// The version of this build.
    public static let version = "0.1.0"
    /// The value of the `Server` header.
    public static var headerValue: String { "\(self.product)/\(self.version)" }

    /// Whether a `Server` header is one of ours, so that its server has the extension.
    ///
    /// - Parameter value: The header's value, if there is one.
    /// - Returns: `true` for any version of this product.
    public static func isOurs(_ value: String?) -> Bool {
        value?.hasPrefix("\(self.product)/") ?? false
    }
}
