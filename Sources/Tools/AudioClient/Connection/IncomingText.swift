import NIOCore
import Wire

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// What a text frame of a server is: a control message mostly, but some servers send audio as text.
enum IncomingText {
    /// A control message.
    case message(ServerMessage)
    /// A control message of a type that is not known.
    case unknown
    /// None: bytes.
    case payload

    /// The one member that every message has.
    private struct TypeOnly: Decodable { var type: String }

    /// Looks at a text. Of a message only `type` is needed, in any case: one whose other members are not what they
    /// should be counts without them.
    ///
    /// - Parameter text: The payload of a text message.
    init(_ text: ByteBuffer) {
        let isObject = text.readableBytesView.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) } == UInt8(ascii: "{")
        guard isObject else {
            self = .payload
            return
        }
        do throws(MessageFault) {
            self = try ServerMessage.decode(json: text).map { .message($0) } ?? .unknown
        } catch {
            let data = Data(text.readableBytesView)
            guard let bare = try? JSONDecoder().decode(TypeOnly.self, from: data) else {
                self = .payload
                return
            }
            let kind = ServerMessage.Kind(rawValue: bare.type.uppercased())
            self = kind.map { .message(ServerMessage($0, message: "")) } ?? .unknown
        }
    }
}
