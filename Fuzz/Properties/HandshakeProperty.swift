import Foundation
import NIOHTTP1
import Wire

/// An upgrade is accepted only where every condition of RFC 6455, 4.2.1 holds, and no answer can break a line.
enum HandshakeProperty {
    static func check(_ bytes: [UInt8]) throws(BrokenProperty) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard let first = lines.first else { return }
        let words = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3 else { return }
        var head = HTTPRequestHead(
            version: words[2] == "1.0" ? .http1_0 : .http1_1,
            method: HTTPMethod(rawValue: String(words[0])),
            uri: String(words[1])
        )
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            // The server's parser gives no name with other bytes, and the library's type traps on them.
            guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy({ $0 < 0x80 }) else { continue }
            head.headers.add(name: String(parts[0]), value: String(parts[1]))
        }
        switch Handshake.decide(head) {
        case .accept(let fields):
            try BrokenProperty.unless(Self.isRight(head), "accepted: \(head)")
            try Self.expectPlain(fields, "")
        case .refuse(let status, let reason, let fields):
            try BrokenProperty.unless(status.code >= 400, "refused with \(status)")
            try Self.expectPlain(fields, reason)
        }
    }

    private static func expectPlain(_ fields: [Handshake.Field], _ reason: String) throws(BrokenProperty) {
        for text in fields.flatMap({ [$0.name, $0.value] }) + [reason] {
            let isPlain = text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
            try BrokenProperty.unless(isPlain, "an answer has \(text.debugDescription)")
        }
    }

    /// The conditions once more, in the plainest way.
    private static func isRight(_ head: HTTPRequestHead) -> Bool {
        func values(_ name: String) -> [String] {
            head.headers.filter { $0.name.lowercased() == name }.map { $0.value }
        }
        func lists(_ name: String, _ token: String) -> Bool {
            values(name).joined(separator: ",").split(separator: ",")
                .contains { $0.trimmingCharacters(in: .whitespaces).lowercased() == token }
        }
        let keys = values("sec-websocket-key").map { $0.trimmingCharacters(in: .whitespaces) }
        return head.method == .GET && head.version == .http1_1 && values("host").count == 1
            && lists("upgrade", "websocket") && lists("connection", "upgrade")
            && values("sec-websocket-version").map { $0.trimmingCharacters(in: .whitespaces) } == ["13"]
            && keys.count == 1 && keys[0].utf8.count == 24 && Data(base64Encoded: keys[0])?.count == 16
    }
}
