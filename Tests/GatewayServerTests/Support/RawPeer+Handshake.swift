import NIOCore

extension RawPeer {
    /// The head of an HTTP response.
    struct Head: Sendable {
        var status: Int
        /// The fields, by names in lower case, in the order in which they came.
        var fields: [(name: String, value: String)]

        /// The only value of a field.
        subscript(_ name: String) -> String? {
            let values = self.fields.filter { $0.name == name }
            return values.count == 1 ? values[0].value : nil
        }

        /// The text of the body's announced length.
        var bodyLength: Int { self["content-length"].flatMap { Int($0) } ?? 0 }
    }

    /// The key that proves nothing, and is fine.
    static let zeroKey = "AAAAAAAAAAAAAAAAAAAAAA=="

    /// A request to upgrade.
    ///
    /// - Parameters:
    ///   - path: The request target.
    ///   - fields: Further fields, or other values of the usual ones; an empty value leaves the field out.
    static func upgradeRequest(path: String = "/audio", _ fields: [(String, String)] = []) -> String {
        var all = [
            ("Host", "127.0.0.1"), ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
            ("Sec-WebSocket-Key", Self.zeroKey),
        ]
        for (name, value) in fields {
            if let index = all.firstIndex(where: { $0.0 == name }) {
                all[index].1 = value
            } else {
                all.append((name, value))
            }
        }
        let lines = all.filter { !$0.1.isEmpty }.map { "\($0.0): \($0.1)\r\n" }
        return "GET \(path) HTTP/1.1\r\n\(lines.joined())\r\n"
    }

    /// Reads the head of a response.
    func head() async throws -> Head {
        try await self.take("the head of a response") { unread in
            let view = unread.readableBytesView
            guard let end = Array(view).firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let text = unread.readString(length: end.upperBound) ?? ""
            let lines = text.split(separator: "\r\n")
            let words = (lines.first ?? "").split(separator: " ")
            guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else {
                throw Surprise("no response: \(text)")
            }
            let fields = try lines.dropFirst().map { line in
                guard let colon = line.firstIndex(of: ":") else { throw Surprise("no field: \(line)") }
                return (
                    name: line[..<colon].lowercased(),
                    value: String(line[line.index(after: colon)...].drop { $0 == " " })
                )
            }
            return Head(status: status, fields: fields)
        }
    }

    /// Reads a response with its body, and the end of the connection if it comes with it.
    func response() async throws -> (head: Head, body: String) {
        let head = try await self.head()
        let length = head.bodyLength
        let body = try await self.take("the body of a response") { unread in unread.readString(length: length) }
        return (head, body)
    }

    /// Upgrades to a WebSocket.
    @discardableResult
    func upgrade(path: String = "/audio", _ fields: [(String, String)] = []) async throws -> Head {
        self.send(Self.upgradeRequest(path: path, fields))
        let head = try await self.head()
        guard head.status == 101 else { throw Surprise("status \(head.status), not 101") }
        return head
    }
}
