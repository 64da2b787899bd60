/// Reads a GET as nearly all clients write it: a flat object of plain strings and whole numbers.
///
/// A reader sends one for every chunk, and decoding it by the library takes longer than anything else that the gateway
/// itself does for one. Whatever is not of this form, right or wrong, is left to ``MessageFields``, which also finds the
/// words for what is wrong; what is of this form means the same to both.
struct CompactGet {
    /// The message; `nil` where the text is not of this form.
    let request: ClientRequest?

    /// What a GET may have, in the order of bits in a set of them.
    private enum Member: UInt8 {
        case type, streamID, offset, length, waitMilliseconds, requestID

        init?(_ name: UnsafeRawBufferPointer) {
            switch name.count {
            case 4 where name.elementsEqual("type".utf8): self = .type
            case 8 where name.elementsEqual("streamId".utf8): self = .streamID
            case 6 where name.elementsEqual("offset".utf8): self = .offset
            case 6 where name.elementsEqual("length".utf8): self = .length
            case 6 where name.elementsEqual("waitMs".utf8): self = .waitMilliseconds
            case 9 where name.elementsEqual("requestId".utf8): self = .requestID
            default: return nil
            }
        }

        var bit: UInt8 { 1 << self.rawValue }
    }

    private enum Value {
        case string(UnsafeRawBufferPointer)
        case integer(Int64)
    }

    /// Reads a message.
    ///
    /// - Parameter text: Valid UTF-8.
    init(_ text: UnsafeRawBufferPointer) {
        self.request = Self.read(text)
    }

    private static func read(_ text: UnsafeRawBufferPointer) -> ClientRequest? {
        var cursor = Cursor(text: text)
        var seen: UInt8 = 0
        var isGet = false
        var get = ClientMessage.Get(streamID: "", offset: 0, length: ClientMessage.Get.defaultLength)
        var requestID: RequestID?
        guard cursor.take(UInt8(ascii: "{")) else { return nil }
        repeat {
            guard let name = cursor.string(), let member = Member(name) else { return nil }
            // Which of two members of one name holds is not for this reader to say.
            guard seen & member.bit == 0, cursor.take(UInt8(ascii: ":")), let value = cursor.value() else { return nil }
            seen |= member.bit
            switch (member, value) {
            case (.type, .string(let word)):
                isGet = Self.isGet(word)
                guard isGet else { return nil }
            case (.streamID, .string(let id)): get.streamID = String(decoding: id, as: UTF8.self)
            case (.offset, .integer(let offset)): get.offset = offset
            case (.length, .integer(let length)) where length >= 1: get.length = length
            case (.waitMilliseconds, .integer(let wait)) where (0...ClientMessage.Get.maximumWait).contains(wait):
                get.waitMilliseconds = wait
            case (.requestID, .integer(let number)): requestID = .integer(number)
            case (.requestID, .string(let mark)) where mark.count <= RequestID.maximumLength:
                requestID = .string(String(decoding: mark, as: UTF8.self))
            default: return nil
            }
        } while cursor.take(UInt8(ascii: ","))
        guard cursor.take(UInt8(ascii: "}")), cursor.isAtEnd, isGet, seen & Member.streamID.bit != 0 else { return nil }
        return ClientRequest(.get(get), requestID: requestID)
    }

    private static func isGet(_ word: UnsafeRawBufferPointer) -> Bool {
        word.count == 3 && word[0] | 0x20 == UInt8(ascii: "g") && word[1] | 0x20 == UInt8(ascii: "e")
            && word[2] | 0x20 == UInt8(ascii: "t")
    }

    /// A place in the text.
    private struct Cursor {
        let text: UnsafeRawBufferPointer
        var place = 0

        private var next: UInt8? { self.place < self.text.count ? self.text[self.place] : nil }

        private mutating func skipSpace() {
            while let byte = self.next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { self.place += 1 }
        }

        /// Whether nothing but space is left.
        var isAtEnd: Bool {
            mutating get {
                self.skipSpace()
                return self.place == self.text.count
            }
        }

        /// Passes over a byte, where it is the next one.
        mutating func take(_ byte: UInt8) -> Bool {
            self.skipSpace()
            guard self.next == byte else { return false }
            self.place += 1
            return true
        }

        /// A string of printable ASCII without escapes.
        mutating func string() -> UnsafeRawBufferPointer? {
            guard self.take(UInt8(ascii: "\"")) else { return nil }
            let start = self.place
            while let byte = self.next {
                if byte == UInt8(ascii: "\"") {
                    defer { self.place += 1 }
                    return UnsafeRawBufferPointer(rebasing: self.text[start..<self.place])
                }
                guard (0x20..<0x7F).contains(byte), byte != UInt8(ascii: "\\") else { return nil }
                self.place += 1
            }
            return nil
        }

        mutating func value() -> Value? {
            self.skipSpace()
            if self.next == UInt8(ascii: "\"") { return self.string().map { .string($0) } }
            return self.integer().map { .integer($0) }
        }

        /// A whole number of at most 18 digits, which can't overflow, written without fraction and exponent.
        private mutating func integer() -> Int64? {
            let isNegative = self.next == UInt8(ascii: "-")
            if isNegative { self.place += 1 }
            let start = self.place
            var number: Int64 = 0
            while let byte = self.next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) {
                guard self.place - start < 18 else { return nil }
                number = number &* 10 &+ Int64(byte &- UInt8(ascii: "0"))
                self.place += 1
            }
            let digits = self.place - start
            guard digits > 0, digits == 1 || self.text[start] != UInt8(ascii: "0") else { return nil }
            // What follows is a comma or a brace, or the text is not of this form.
            return isNegative ? -number : number
        }
    }
}
