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
        // Half of a surrogate pair is grammatical, and what it means is open (RFC 8259, 8.2), and so is a number that is
        // beyond a double's range (6): inside a member that nobody reads we do not look at either, and the library does.
        try BrokenProperty.unless(
            library is [String: Any] || text.lowercased().contains("\\ud") || Self.hasLargeNumber(bytes),
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

    /// Whether there is a number whose exponent has three digits, or that has hundreds itself.
    private static func hasLargeNumber(_ bytes: [UInt8]) -> Bool {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        let runs = bytes.split { !digits.contains($0) }
        return runs.contains { run in
            if run.count > 300 { return true }
            guard run.count >= 3, run.startIndex > 0 else { return false }
            var before = run.startIndex - 1
            if [UInt8(ascii: "+"), UInt8(ascii: "-")].contains(bytes[before]), before > 0 { before -= 1 }
            return [UInt8(ascii: "e"), UInt8(ascii: "E")].contains(bytes[before])
        }
    }
}
