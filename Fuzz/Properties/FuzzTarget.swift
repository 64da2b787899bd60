import Wire

/// What is fuzzed, and what must hold for any bytes.
enum FuzzTarget: String, CaseIterable {
    case framesServer = "frames-server"
    case framesClient = "frames-client"
    case messages
    case handshake
    case ids
    case text
    #if !WIRE_ONLY
    case ranges
    case config
    #endif

    /// Tries some bytes.
    ///
    /// - Parameter bytes: Any.
    /// - Throws: ``BrokenProperty`` where something does not hold.
    func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        switch self {
        case .framesServer: try FrameProperty.check(bytes, role: .server)
        case .framesClient: try FrameProperty.check(bytes, role: .client)
        case .messages: try MessageProperty.check(bytes)
        case .handshake: try HandshakeProperty.check(bytes)
        case .ids: try StreamIDProperty.check(bytes)
        case .text: try TextProperty.check(bytes)
        #if !WIRE_ONLY
        case .ranges: try RangeProperty.check(bytes)
        case .config: try ConfigProperty.check(bytes)
        #endif
        }
    }
}

/// A property that does not hold.
struct BrokenProperty: Error, CustomStringConvertible {
    let description: String

    /// Goes on only where something holds.
    static func unless(_ holds: Bool, _ what: @autoclosure () -> String) throws(BrokenProperty) {
        if !holds { throw BrokenProperty(description: what()) }
    }
}
