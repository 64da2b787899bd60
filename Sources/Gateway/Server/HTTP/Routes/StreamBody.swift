import CacheProtocol
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Sends the bytes of a stream as the connection takes them. What fails on the way throws, which breaks the connection:
/// a body that was begun can't be taken back, and must not be filled up with anything.
struct StreamBody: Sendable {
    let reader: StreamReader
    let service: GatewayService
    let channel: any Channel
    let id: StreamID
    /// What its reader was let in by.
    let grant: Grant

    /// How much is fetched before it is handed to the connection, which then takes it or lets us wait.
    private static let batch = 512 << 10

    /// Sends all that a plan says.
    @concurrent
    func send(_ body: StreamResponsePlan.Body, to writer: any ResponseBodyWriter) async throws {
        var writer = PacedBodyWriter(writer, on: self.channel.eventLoop)
        do {
            switch body {
            case .none: try await writer.finish(nil)
            case .bytes(let range):
                try await self.send(range.lowerBound..<(range.upperBound + 1), to: &writer)
                try await writer.finish(nil)
            case .multipart(let multipart):
                for part in multipart.parts {
                    try await writer.write([ByteBuffer(string: part.header)])
                    try await self.send(part.range.lowerBound..<(part.range.upperBound + 1), to: &writer)
                }
                try await writer.write([ByteBuffer(string: multipart.end)])
                try await writer.finish(nil)
            case .follow(let offset, let last):
                let trailers = try await self.follow(from: offset, through: last, to: &writer)
                try await writer.finish(trailers)
            }
        } catch let error as CacheError {
            let level: Logger.Level = error.code == .io ? .error : .info
            self.service.logger.log(
                level: level,
                "HTTP answer broken off",
                metadata: ["stream": "\(self.id)", "error": "\(error)"]
            )
            throw error
        }
    }

    @concurrent
    private func send(_ range: Range<Int64>, to writer: inout PacedBodyWriter) async throws {
        var offset = range.lowerBound
        while offset < range.upperBound {
            var buffers: [ByteBuffer] = []
            var count = 0
            while count < Self.batch, offset < range.upperBound {
                let wanted = Int(min(Int64(Self.batch - count), range.upperBound - offset))
                let bytes: ByteBuffer
                switch try self.reader.read(at: offset, count: wanted) {
                case .now(let value): bytes = value
                case .later(let later):
                    // What is at hand goes out while the device is asked.
                    try await self.write(&buffers, to: &writer)
                    bytes = try await later.value()
                }
                buffers.append(bytes)
                count += bytes.readableBytes
                offset += Int64(bytes.readableBytes)
            }
            try await self.write(&buffers, to: &writer)
        }
    }

    @concurrent
    private func write(_ buffers: inout [ByteBuffer], to writer: inout PacedBodyWriter) async throws {
        guard !buffers.isEmpty else { return }
        try await writer.write(buffers)
        self.service.metrics.sent(buffers.reduce(0) { $0 + $1.readableBytes }, over: .http)
        buffers = []
    }

    // MARK: Following

    /// Sends what is there and what comes.
    ///
    /// - Returns: What is said behind the bytes: the digest of the whole stream.
    @concurrent
    private func follow(
        from first: Int64,
        through last: Int64?,
        to writer: inout PacedBodyWriter
    ) async throws -> HTTPFields? {
        let signals = try await ConnectionSignals.of(self.channel)
        let end = last.map { $0 == .max ? .max : $0 + 1 } ?? .max
        var offset = first
        var watch = GrantWatch(self.grant, needing: .read, in: self.service.settings)
        while true {
            // The bytes first: all of them were there before the token was looked at.
            let status = self.reader.status
            do throws(Refusal) {
                try watch.check()
            } catch {
                throw CacheError(.aborted, "The reader's token was withdrawn, or its right to read.", streamID: self.id)
            }
            if offset < min(status.size, end) {
                let upper = min(status.size, end)
                try await self.send(offset..<upper, to: &writer)
                offset = upper
            } else if offset >= end || status.state == .sealed {
                return await self.trailers()
            } else {
                try await self.wait(past: offset, while: status.state, signals)
            }
        }
    }

    /// The digest, where it is known. Asked for first and looked at afterwards: a stream that took the name of this one
    /// has another.
    private func trailers() async -> HTTPFields? {
        guard let info = try? await self.service.backend.info(self.id), self.reader.status.state == .sealed,
            let digest = info.sha256
        else { return nil }
        var fields: HTTPFields = [:]
        fields[named: DigestField.representation] = DigestField.value(digest)
        return fields
    }

    private enum WaitEnd: Sendable {
        case grown
        case failed(CacheError)
        case connectionEnded
        case impatient
    }

    /// Waits until there is more. A writer that went away may come back; it is waited for as long as for a silent client.
    private func wait(past offset: Int64, while state: StreamState, _ signals: ConnectionSignals) async throws {
        guard state != .removed else { throw CacheError(.aborted, "The stream was removed.", streamID: self.id) }
        let reader = self.reader
        let patience = self.service.configuration.idleTimeoutSeconds
        let end = await withTaskGroup(of: WaitEnd.self) { group in
            group.addTask {
                do throws(CacheError) {
                    _ = try await reader.grown(past: offset, while: state)
                    return .grown
                } catch {
                    return .failed(error)
                }
            }
            group.addTask {
                await signals.ended()
                return .connectionEnded
            }
            if state == .suspended {
                group.addTask {
                    try? await Task.sleep(for: .seconds(patience))
                    return .impatient
                }
            }
            defer { group.cancelAll() }
            return await group.next() ?? .connectionEnded
        }
        switch end {
        case .grown: break
        case .failed(let error): throw error
        case .connectionEnded:
            throw CacheError(.aborted, "The connection ended, or the gateway does.", streamID: self.id)
        case .impatient:
            throw CacheError(.aborted, "The stream's writer did not come back in \(patience) s.", streamID: self.id)
        }
    }
}
