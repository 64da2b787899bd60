import NIOCore
import Wire

/// Everything that a parser told of some bytes, with neighbouring pieces of a binary message put together.
struct Observation: Hashable, CustomStringConvertible {
    enum Event: Hashable {
        case binary([UInt8], endsMessage: Bool)
        case text([UInt8])
        case ping([UInt8])
        case pong([UInt8])
        case close(UInt16?, String)
    }

    private(set) var events: [Event] = []
    /// The close code of the breach that ended it.
    var violation: UInt16?
    /// The words of that breach, where a parser has words.
    var reason: String?

    mutating func add(_ event: Event) {
        if case .binary(let bytes, let endsMessage) = event,
            case .binary(let earlier, endsMessage: false)? = self.events.last
        {
            self.events[self.events.count - 1] = .binary(earlier + bytes, endsMessage: endsMessage)
        } else {
            self.events.append(event)
        }
    }

    /// The same without words, to compare with another parser.
    var withoutReason: Observation {
        var copy = self
        copy.reason = nil
        return copy
    }

    var description: String {
        let events = self.events.map { event in
            switch event {
            case .binary(let bytes, let ends): "binary(\(bytes.count) bytes, \(bytes.prefix(8)), ends: \(ends))"
            case .text(let bytes): "text(\(String(decoding: bytes.prefix(40), as: UTF8.self)))"
            case .ping(let bytes): "ping(\(bytes.count))"
            case .pong(let bytes): "pong(\(bytes.count))"
            case .close(let code, let reason): "close(\(code.map(String.init) ?? "-"), \(reason))"
            }
        }
        return events.joined(separator: " ") + (self.violation.map { " violation \($0) \(self.reason ?? "")" } ?? "")
    }
}

extension FrameParser {
    /// Feeds the pieces, one buffer each, and takes down what comes of them.
    mutating func observe(_ pieces: [[UInt8]]) -> Observation {
        var seen = Observation()
        for piece in pieces {
            var buffer = ByteBuffer(bytes: piece)
            do throws(FrameViolation) {
                while let event = try self.next(&buffer) { seen.add(event.observed) }
            } catch {
                seen.violation = error.closeCode.rawValue
                seen.reason = error.reason
                return seen
            }
        }
        return seen
    }

    static func observe(_ pieces: [[UInt8]], role: Role, limits: Limits = Limits()) -> Observation {
        var parser = FrameParser(role: role, limits: limits)
        return parser.observe(pieces)
    }
}

extension FrameParser.Event {
    var observed: Observation.Event {
        switch self {
        case .binary(let masked, let endsMessage):
            .binary(Array(masked.unmasked().readableBytesView), endsMessage: endsMessage)
        case .text(let text): .text(Array(text.readableBytesView))
        case .ping(let payload): .ping(Array(payload.readableBytesView))
        case .pong(let payload): .pong(Array(payload.readableBytesView))
        case .close(let code, let reason): .close(code?.rawValue, reason)
        }
    }
}
