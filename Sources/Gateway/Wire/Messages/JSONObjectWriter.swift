package import NIOCore

/// Writes one JSON object, compact, its members in the order in which they are given (RFC 8259).
///
/// The order is the reason for its being: some peers look for `{"type":"…"` at the front, and the library's encoder
/// promises no order.
package struct JSONObjectWriter {
    /// Room for all but the longest messages, so that they are written without growing.
    private static let usualLength = 256

    private var buffer = ByteBufferAllocator().buffer(capacity: Self.usualLength)
    private var isEmpty = true

    /// Opens an object.
    package init() { self.buffer.writeStaticString("{") }

    /// Closes the object.
    package consuming func finish() -> ByteBuffer {
        self.buffer.writeStaticString("}")
        return self.buffer
    }

    private mutating func name(_ name: StaticString) {
        if !self.isEmpty { self.buffer.writeStaticString(",") }
        self.isEmpty = false
        self.buffer.writeStaticString("\"")
        self.buffer.writeStaticString(name)
        self.buffer.writeStaticString("\":")
    }

    package mutating func string(_ name: StaticString, _ value: String?) {
        guard let value else { return }
        self.name(name)
        self.quoted(value)
    }

    package mutating func integer(_ name: StaticString, _ value: Int64?) {
        guard let value else { return }
        self.name(name)
        self.buffer.writeString(String(value))
    }

    /// Written only where it is known.
    package mutating func bool(_ name: StaticString, _ value: Bool?) {
        guard let value else { return }
        self.name(name)
        self.buffer.writeStaticString(value ? "true" : "false")
    }

    package mutating func strings(_ name: StaticString, _ value: [String: String]?) {
        guard let value else { return }
        self.name(name)
        self.buffer.writeStaticString("{")
        for (index, member) in value.sorted(by: { $0.key < $1.key }).enumerated() {
            if index > 0 { self.buffer.writeStaticString(",") }
            self.quoted(member.key)
            self.buffer.writeStaticString(":")
            self.quoted(member.value)
        }
        self.buffer.writeStaticString("}")
    }

    /// A list of strings.
    package mutating func words(_ name: StaticString, _ value: [String]?) {
        guard let value else { return }
        self.name(name)
        self.buffer.writeStaticString("[")
        for (index, word) in value.enumerated() {
            if index > 0 { self.buffer.writeStaticString(",") }
            self.quoted(word)
        }
        self.buffer.writeStaticString("]")
    }

    mutating func requestID(_ value: RequestID?) {
        switch value {
        case .none: break
        case .string(let string): self.string("requestId", string)
        case .integer(let number): self.integer("requestId", number)
        }
    }

    /// A list of objects, the members of each written by `write`.
    package mutating func list<Element>(
        _ name: StaticString,
        _ elements: [Element]?,
        write: (Element, inout JSONObjectWriter) -> Void
    ) {
        guard let elements else { return }
        self.name(name)
        self.buffer.writeStaticString("[")
        for (index, element) in elements.enumerated() {
            if index > 0 { self.buffer.writeStaticString(",") }
            self.buffer.writeStaticString("{")
            self.isEmpty = true
            write(element, &self)
            self.buffer.writeStaticString("}")
        }
        self.isEmpty = false
        self.buffer.writeStaticString("]")
    }

    private mutating func quoted(_ value: String) {
        self.buffer.writeStaticString("\"")
        var value = value
        let isPlain = value.withUTF8 { bytes in
            bytes.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        }
        if isPlain {
            self.buffer.writeString(value)
        } else {
            for byte in value.utf8 { self.escaped(byte) }
        }
        self.buffer.writeStaticString("\"")
    }

    private mutating func escaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): self.buffer.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): self.buffer.writeStaticString("\\\\")
        case UInt8(ascii: "\n"): self.buffer.writeStaticString("\\n")
        case UInt8(ascii: "\r"): self.buffer.writeStaticString("\\r")
        case UInt8(ascii: "\t"): self.buffer.writeStaticString("\\t")
        case 0..<0x20:
            let digits = String(byte, radix: 16)
            self.buffer.writeString("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        default: self.buffer.writeInteger(byte)
        }
    }
}
