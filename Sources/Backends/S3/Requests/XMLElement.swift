#if canImport(FoundationXML)
import Foundation
import FoundationXML
#else
import Foundation
#endif

/// An element of a store's answer, without namespaces and attributes, which say nothing there.
struct XMLElement: Hashable, Sendable {
    var name: String
    var text = ""
    var children: [XMLElement] = []

    /// Reads an answer. External entities are not resolved.
    ///
    /// - Parameter bytes: The document.
    /// - Returns: The root, or `nil` where the bytes are no well-formed document of at most 16 levels.
    static func parse(_ bytes: [UInt8]) -> XMLElement? {
        let reader = Reader()
        // Some stores send spaces while they work, before the document.
        let parser = XMLParser(data: Data(bytes.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }))
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse() else { return nil }
        return reader.root
    }

    /// The first child of a name.
    subscript(_ name: String) -> XMLElement? { self.children.first { $0.name == name } }

    /// The text of the first child of a name, without space around it.
    func text(_ name: String) -> String? {
        self[name].map { $0.text.trimmingCharacters(in: .whitespacesAndNewlines) }
    }

    /// All children of a name.
    func all(_ name: String) -> [XMLElement] { self.children.filter { $0.name == name } }

    private final class Reader: NSObject, XMLParserDelegate {
        var root: XMLElement?
        private var open: [XMLElement] = []

        func parser(
            _ parser: XMLParser,
            didStartElement name: String,
            namespaceURI: String?,
            qualifiedName: String?,
            attributes: [String: String]
        ) {
            guard self.open.count < 16 else { return parser.abortParsing() }
            self.open.append(XMLElement(name: name.split(separator: ":").last.map(String.init) ?? name))
        }

        func parser(_ parser: XMLParser, foundCharacters text: String) {
            guard !self.open.isEmpty else { return }
            self.open[self.open.count - 1].text += text
        }

        func parser(
            _ parser: XMLParser,
            didEndElement name: String,
            namespaceURI: String?,
            qualifiedName: String?
        ) {
            guard let element = self.open.popLast() else { return }
            if self.open.isEmpty {
                self.root = element
            } else {
                self.open[self.open.count - 1].children.append(element)
            }
        }
    }
}
