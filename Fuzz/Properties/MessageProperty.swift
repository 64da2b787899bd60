import Foundation
import NIOCore
import Wire

/// What is taken for a control message is JSON to the library, and is the same after it was written and read again.
enum MessageProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        // The framing lets nothing else through.
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        let request: ClientRequest
        do throws(MessageFault) {
            request = try ClientRequest(json: ByteBuffer(bytes: bytes))
        } catch {
            return
        }
        let library = try? JSONSerialization.jsonObject(with: Data(bytes))
        // Half of a surrogate pair is grammatical, and what it means is open (RFC 8259, 8.2): inside a member that nobody
        // reads we do not look at it, and the library does.
        try BrokenProperty.unless(
            library is [String: Any] || text.lowercased().contains("\\ud"),
            "accepted, and no object to JSONSerialization"
        )
        let written = request.json()
        let again: ClientRequest
        do throws(MessageFault) {
            again = try ClientRequest(json: written)
        } catch {
            throw BrokenProperty(description: "written as \(String(buffer: written)), which is refused: \(error)")
        }
        try BrokenProperty.unless(again == request, "\(request) came back as \(again)")
    }
}
