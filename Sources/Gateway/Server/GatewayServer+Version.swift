import Wire

extension GatewayServer {
    /// The version of this build.
    public static var version: String { ServerIdentity.version }
}
