import NIOCore

extension RawPeer {
    /// A whole HTTP answer.
    struct Answer: Sendable {
        var head: Head
        var body: ByteBuffer
        /// The fields behind a chunked body.
        var trailers: [(name: String, value: String)] = []

        var status: Int { self.head.status }
        var text: String { String(buffer: self.body) }
        subscript(_ name: String) -> String? { self.head[name] }
    }

    /// Sends a request's header.
    func request(_ method: String, _ target: String, _ fields: [(String, String)] = [], version: String = "1.1") {
        let host = fields.contains { $0.0 == "Host" } ? "" : "Host: 127.0.0.1\r\n"
        let lines = fields.map { "\($0.0): \($0.1)\r\n" }.joined()
        self.send("\(method) \(target) HTTP/\(version)\r\n\(host)\(lines)\r\n")
    }

    /// Asks, and reads the whole answer.
    func ask(
        _ method: String,
        _ target: String,
        _ fields: [(String, String)] = [],
        body: [UInt8]? = nil
    ) async throws -> Answer {
        self.request(method, target, fields + (body.map { [("Content-Length", "\($0.count)")] } ?? []))
        if let body { self.send(body) }
        return try await self.answer(to: method)
    }

    /// Reads a whole answer.
    func answer(to method: String = "GET") async throws -> Answer {
        let head = try await self.head()
        guard method != "HEAD", head.status != 204, head.status != 304 else {
            return Answer(head: head, body: ByteBuffer())
        }
        guard head["transfer-encoding"] == "chunked" else {
            let length = head.bodyLength
            let body = try await self.take("a body of \(length) bytes") { unread in unread.readSlice(length: length) }
            return Answer(head: head, body: body)
        }
        var answer = Answer(head: head, body: ByteBuffer())
        while var chunk = try await self.chunk() { answer.body.writeBuffer(&chunk) }
        answer.trailers = try await self.trailers()
        return answer
    }

    /// Reads a chunk of a body; `nil` for the last one.
    func chunk() async throws -> ByteBuffer? {
        let length = try await self.take("the length of a chunk") { unread in try unread.readLine() }
        guard let count = Int(length, radix: 16) else { throw Surprise("no length of a chunk: \(length)") }
        guard count > 0 else { return nil }
        let bytes = try await self.take("a chunk of \(count) bytes") { unread in
            unread.readableBytes < count + 2 ? nil : unread.readSlice(length: count + 2)
        }
        return bytes.getSlice(at: bytes.readerIndex, length: count)
    }

    /// Reads so many bytes of a chunked body.
    func chunked(_ count: Int) async throws -> ByteBuffer {
        var body = ByteBuffer()
        while body.readableBytes < count {
            guard var chunk = try await self.chunk() else { throw Surprise("the body ended at \(body.readableBytes)") }
            body.writeBuffer(&chunk)
        }
        return body
    }

    /// Reads what is behind the last chunk.
    func trailers() async throws -> [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        while true {
            let line = try await self.take("a trailer") { unread in try unread.readLine() }
            guard let colon = line.firstIndex(of: ":") else { return fields }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields.append((name: line[..<colon].lowercased(), value: String(value)))
        }
    }
}

extension ByteBuffer {
    /// A line without its end, which is CR LF.
    fileprivate mutating func readLine() throws -> String? {
        guard let index = self.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = self.readString(length: index + 1 - self.readerIndex) ?? ""
        guard line.hasSuffix("\r\n") else { throw RawPeer.Surprise("a line without CR") }
        return String(line.dropLast())
    }
}
