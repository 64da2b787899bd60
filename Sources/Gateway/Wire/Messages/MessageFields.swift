import NIOCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The members of a control message, of either side, by name. `null` is absent, unknown members are passed over, and
/// a member of the wrong kind is a fault that names it.
struct MessageFields {
    /// The mark of the request.
    let requestID: RequestID?
    private let container: KeyedDecodingContainer<Name>

    /// A member's name.
    struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
        init(_ name: String) { self.stringValue = name }
    }

    /// Carries the library's container out of its decoding call.
    private struct Opened: Decodable {
        let container: KeyedDecodingContainer<Name>
        init(from decoder: any Decoder) throws { self.container = try decoder.container(keyedBy: Name.self) }
    }

    /// Reads a message.
    ///
    /// - Parameters:
    ///   - text: One JSON object, valid UTF-8.
    ///   - isStrict: Whether it comes from a client, of which nothing doubtful is taken; see ``JSONShape``. Two members
    ///     of one name are a fault then, wherever they are.
    init(_ text: ByteBuffer, isStrict: Bool) throws(MessageFault) {
        var fault: MessageFault?
        var shape: JSONShape?
        let opened = text.withUnsafeReadableBytes { bytes -> Opened? in
            do throws(MessageFault) {
                shape = try JSONShape(bytes, isStrict: isStrict)
            } catch {
                fault = error
                return nil
            }
            return try? JSONDecoder().decode(Opened.self, from: Data(bytes))
        }
        if let fault { throw fault }
        guard let opened, let shape else {
            throw MessageFault(.badMessage, "The message is not a JSON object (RFC 8259).")
        }
        self.container = opened.container
        if isStrict, Self.members(of: opened.container, in: shape) != shape.members {
            throw MessageFault(.badMessage, "The message has two members of the same name.")
        }
        self.requestID = try Self.requestID(in: opened.container)
    }

    /// How many members the decoder kept, which is fewer than were written where two had the same name.
    private static func members(of container: KeyedDecodingContainer<Name>, in shape: JSONShape) -> Int {
        guard shape.members > shape.topLevelMembers else { return container.allKeys.count }
        return MemberCount(container).count
    }

    private static func requestID(in container: KeyedDecodingContainer<Name>) throws(MessageFault) -> RequestID? {
        let name = Name("requestId")
        guard container.contains(name), (try? container.decodeNil(forKey: name)) == false else { return nil }
        if let number = try? container.decode(Int64.self, forKey: name) { return .integer(number) }
        if let string = try? container.decode(String.self, forKey: name), string.utf8.count <= RequestID.maximumLength {
            return .string(string)
        }
        throw MessageFault(
            .badMessage,
            "requestId is to be a whole number or a string of at most \(RequestID.maximumLength) bytes."
        )
    }

    private func isAbsent(_ name: Name) -> Bool {
        !self.container.contains(name) || (try? self.container.decodeNil(forKey: name)) != false
    }

    private func fault(_ code: ErrorCode, _ message: String) -> MessageFault {
        MessageFault(code, message, requestID: self.requestID)
    }

    /// A string, or `nil` where it is absent.
    func string(_ name: String) throws(MessageFault) -> String? {
        let key = Name(name)
        if self.isAbsent(key) { return nil }
        guard let value = try? self.container.decode(String.self, forKey: key) else {
            throw self.fault(.badMessage, "\(name) is to be a string.")
        }
        return value
    }

    /// A string that must be there.
    func requiredString(_ name: String) throws(MessageFault) -> String {
        guard let value = try self.string(name) else {
            throw self.fault(.badMessage, "\(name) is missing; it is to be a string.")
        }
        return value
    }

    /// A truth value; `false` where it is absent.
    func bool(_ name: String) throws(MessageFault) -> Bool {
        let key = Name(name)
        if self.isAbsent(key) { return false }
        guard let value = try? self.container.decode(Bool.self, forKey: key) else {
            throw self.fault(.badMessage, "\(name) is to be true or false.")
        }
        return value
    }

    /// A whole number, or `nil` where it is absent.
    ///
    /// A number written with a fraction of zero or an exponent is taken where it is whole.
    func integer(_ name: String, in range: ClosedRange<Int64>) throws(MessageFault) -> Int64? {
        let key = Name(name)
        if self.isAbsent(key) { return nil }
        guard let value = try? self.container.decode(Int64.self, forKey: key), range.contains(value) else {
            throw self.fault(
                .range,
                "\(name) is to be a whole number from \(range.lowerBound) to \(range.upperBound)."
            )
        }
        return value
    }

    /// A map of strings, or `nil` where it is absent.
    func strings(_ name: String) throws(MessageFault) -> [String: String]? {
        let key = Name(name)
        if self.isAbsent(key) { return nil }
        guard let value = try? self.container.decode([String: String].self, forKey: key) else {
            throw self.fault(.badMessage, "\(name) is to be an object whose values are strings.")
        }
        return value
    }

    /// A list of strings, or `nil` where it is absent.
    func words(_ name: String) throws(MessageFault) -> [String]? {
        let key = Name(name)
        if self.isAbsent(key) { return nil }
        guard let value = try? self.container.decode([String].self, forKey: key) else {
            throw self.fault(.badMessage, "\(name) is to be a list of strings.")
        }
        return value
    }

    /// The objects of a list, each decoded; `nil` where the list is absent.
    func list<Element: Decodable>(_ name: String, of: Element.Type) throws(MessageFault) -> [Element]? {
        let key = Name(name)
        if self.isAbsent(key) { return nil }
        guard let value = try? self.container.decode([Element].self, forKey: key) else {
            throw self.fault(.badMessage, "\(name) is to be a list of objects.")
        }
        return value
    }
}
