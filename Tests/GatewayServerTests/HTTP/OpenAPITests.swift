import CacheProtocol
import FileStorage
import Foundation
import HTTPTypes
import Logging
import NIOCore
import NIOPosix
import TestSupport
import Testing
import Wire

@testable import GatewayServer

/// `/openapi.json` is what clients are made from: what it says is what happens, and nothing else does.
@Suite("The description of the HTTP face", .timeLimit(.minutes(5)))
struct OpenAPITests {
    @Test("it is JSON of this version, and every reference in it leads somewhere")
    func document() throws {
        let document = try Description()
        #expect(document.string("openapi") == "3.1.0")
        #expect((document.root["info"] as? [String: Any])?["version"] as? String == ServerIdentity.version)
        for reference in document.references { #expect(document.value(at: reference) != nil, "\(reference)") }
        #expect(document.references.count > 20)
    }

    @Test("every route is in it, and everything in it has a route")
    func routes() throws {
        let documented = try Set(Description().operations.map { "\($0.method) \($0.path)" })
        let service = GatewayService(
            backend: NoBackend(),
            configuration: GatewayConfiguration(),
            logger: Logger(label: "-") { _ in SwiftLogNoOpLogHandler() }
        )
        let routes = Set(GatewayRoutes(service: service).routes.map { "\($0.method.rawValue) \($0.path)" })
        #expect(routes == documented)
    }

    /// What takes more than a request: an event loop that is stuck.
    private static let unseen: [String: Set<String>] = ["GET /livez": ["503"]]

    @Test("every answer in it can be had, with the types and headers that it says, and no other comes")
    func answers() async throws {
        let document = try Description()
        let seen = Seen()
        try await TestGateway.run {
            $0.gateway.allowedHosts = ["127.0.0.1"]
            $0.storage.maximumStreamSize = 1_000
        } _: { gateway in
            for exercise in Exercise.all {
                await seen.add(exercise, try await gateway.connect().ask(exercise))
                await seen.add(exercise, try await gateway.connect().ask(exercise.fromElsewhere))
            }
            let writer = try await gateway.peer()
            try await writer.start("live")
            for method in ["PUT", "DELETE"] {
                let exercise = Exercise(method, "/streams/{id}", "/streams/live", body: method == "PUT" ? [1] : nil)
                await seen.add(exercise, try await gateway.connect().ask(exercise))
            }
        }
        try await TestGateway.run {
            $0.storage.minimumFreeBytes = 1 << 50
        } _: { gateway in
            for exercise in [
                Exercise("PUT", "/streams/{id}", "/streams/s", body: [1]), Exercise("POST", "/streams", body: [1]),
                Exercise("GET", "/healthz"), Exercise("GET", "/readyz"),
            ] {
                await seen.add(exercise, try await gateway.connect().ask(exercise))
            }
        }
        try await TestGateway.run {
            $0.gateway.access = .tokens([])
        } _: { gateway in
            for exercise in Exercise.all { await seen.add(exercise, try await gateway.connect().ask(exercise)) }
        }
        let answers = await seen.answers
        for operation in document.operations {
            let name = "\(operation.method) \(operation.path)"
            let statuses = Set(answers.filter { $0.name == name }.map { "\($0.answer.status)" })
            #expect(statuses.union(Self.unseen[name] ?? []) == Set(operation.responses.keys), "\(name)")
            for (other, answer) in answers where other == name {
                let response = operation.responses["\(answer.status)"] ?? [:]
                try document.check(answer, against: response, isHead: operation.method == "HEAD", name)
            }
        }
    }
}

/// A request, and the operation of the description that it belongs to.
private struct Exercise: Sendable {
    var method: String
    var path: String
    var target: String
    var fields: [(String, String)]
    var body: [UInt8]?

    init(
        _ method: String,
        _ path: String,
        _ target: String? = nil,
        _ fields: [(String, String)] = [],
        body: [UInt8]? = nil
    ) {
        self.method = method
        self.path = path
        self.target = target ?? path
        self.fields = fields
        self.body = body
    }

    var name: String { "\(self.method) \(self.path)" }

    /// The same, under another name of the gateway.
    var fromElsewhere: Exercise {
        var exercise = self
        exercise.fields.append(("Host", "evil.example"))
        return exercise
    }

    private static let stream = "/streams/{id}"
    private static let wrong = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    private static let other = ("If-Match", "\"other\"")

    static var all: [Exercise] { Self.uploads + Self.listings + Self.reads("GET") + Self.reads("HEAD") + Self.removals }

    private static let uploads = [
        Exercise("PUT", stream, "/streams/s", body: [1, 2, 3]), Exercise("PUT", stream, "/streams/s", body: [1]),
        Exercise("PUT", stream, "/streams/s", [other], body: [1]),
        Exercise("PUT", stream, "/streams/s", [("If-Match", "*")], body: Array("fLaC".utf8)),
        Exercise("PUT", stream, "/streams/..", body: [1]),
        Exercise("PUT", stream, "/streams/long", body: Array(repeating: 0, count: 1_001)),
        Exercise("PUT", stream, "/streams/coded", [("Content-Encoding", "gzip")], body: [1]),
        Exercise("PUT", stream, "/streams/wrong", [("Repr-Digest", wrong)], body: [1]),
        Exercise("POST", "/streams", body: [1]),
        Exercise("POST", "/streams", [("Repr-Digest", "sha-256=x")], body: [1]),
        Exercise("POST", "/streams", body: Array(repeating: 0, count: 1_001)),
        Exercise("POST", "/streams", [("Content-Encoding", "gzip")], body: [1]),
        Exercise("POST", "/streams", [("Repr-Digest", wrong)], body: [1]),
    ]

    private static let listings = [
        Exercise("GET", "/openapi.json"), Exercise("GET", "/healthz"), Exercise("GET", "/livez"),
        Exercise("GET", "/readyz"), Exercise("GET", "/metrics"), Exercise("GET", "/streams"),
        Exercise("GET", "/streams", "/streams?limit=0"), Exercise("GET", "/streams/{id}/info", "/streams/s/info"),
        Exercise("GET", "/streams/{id}/info", "/streams/../info"),
        Exercise("GET", "/streams/{id}/info", "/streams/none/info"),
    ]

    private static func reads(_ method: String) -> [Exercise] {
        [
            Exercise(method, stream, "/streams/s"), Exercise(method, stream, "/streams/s", [("Range", "bytes=0-0")]),
            Exercise(method, stream, "/streams/s", [("Range", "bytes=0-0,2-2")]),
            Exercise(method, stream, "/streams/s", [("If-None-Match", "*")]), Exercise(method, stream, "/streams/.."),
            Exercise(method, stream, "/streams/none"), Exercise(method, stream, "/streams/s", [other]),
            Exercise(method, stream, "/streams/s", [("Range", "bytes=9-")]),
        ]
    }

    private static let removals = [
        Exercise("DELETE", stream, "/streams/s", [other]), Exercise("DELETE", stream, "/streams/s"),
        Exercise("DELETE", stream, "/streams/s"), Exercise("DELETE", stream, "/streams/.."),
    ]

    init(_ method: String, _ path: String, _ fields: [(String, String)], body: [UInt8]? = nil) {
        self.init(method, path, nil, fields, body: body)
    }
}

extension RawPeer {
    fileprivate func ask(_ exercise: Exercise) async throws -> Answer {
        try await self.ask(exercise.method, exercise.target, exercise.fields, body: exercise.body)
    }
}

/// What came of the exercises.
private actor Seen {
    private(set) var answers: [(name: String, answer: RawPeer.Answer)] = []

    func add(_ exercise: Exercise, _ answer: RawPeer.Answer) { self.answers.append((exercise.name, answer)) }
}

/// Stands where nothing is asked of a backend.
private struct NoBackend: CacheBackend {
    let capabilities = Capabilities()
    private static let nothing = CacheError(.unsupported, "There is nothing.")

    func makeWriter(for id: StreamID, options: WriteOptions) throws(CacheError) -> StreamWriter { throw Self.nothing }
    func makeReader(for id: StreamID) throws(CacheError) -> StreamReader { throw Self.nothing }
    func streams(
        matching filter: StreamFilter,
        after cursor: StreamID?,
        limit: Int
    ) async throws(CacheError) -> StreamPage { throw Self.nothing }
    func info(_ id: StreamID) async throws(CacheError) -> StreamInfo { throw Self.nothing }
    func remove(_ id: StreamID) async throws(CacheError) { throw Self.nothing }
    func health() async -> BackendHealth { BackendHealth() }
    func run() async throws {}
}

/// The parsed description.
private struct Description {
    struct Operation {
        var method: String
        var path: String
        var responses: [String: [String: Any]]
    }

    let root: [String: Any]

    init() throws {
        let value = try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.json.utf8))
        self.root = try #require(value as? [String: Any])
    }

    func string(_ name: String) -> String? { self.root[name] as? String }

    var operations: [Operation] {
        let paths = self.root["paths"] as? [String: [String: [String: Any]]] ?? [:]
        return paths.flatMap { path, methods in
            methods.map { method, operation in
                let responses = operation["responses"] as? [String: [String: Any]] ?? [:]
                return Operation(method: method.uppercased(), path: path, responses: responses.mapValues(self.resolved))
            }
        }
    }

    /// All values of `$ref`.
    var references: [String] { Self.references(in: self.root) }

    private static func references(in value: Any) -> [String] {
        switch value {
        case let object as [String: Any]:
            (object["$ref"] as? String).map { [$0] } ?? object.values.flatMap { Self.references(in: $0) }
        case let array as [Any]: array.flatMap { Self.references(in: $0) }
        default: []
        }
    }

    /// What a reference such as `#/components/headers/ETag` names.
    func value(at reference: String) -> Any? {
        reference.dropFirst(2).split(separator: "/").reduce(self.root as Any?) { value, name in
            (value as? [String: Any])?[String(name)]
        }
    }

    private func resolved(_ value: [String: Any]) -> [String: Any] {
        guard let reference = value["$ref"] as? String else { return value }
        return self.value(at: reference) as? [String: Any] ?? [:]
    }

    /// Whether an answer has the type and the headers that a response of the description says.
    func check(_ answer: RawPeer.Answer, against response: [String: Any], isHead: Bool, _ name: String) throws {
        let types = Set((response["content"] as? [String: Any] ?? [:]).keys)
        let status = answer.status
        if isHead || status == 204 || status == 304 {
            #expect(types.isEmpty, "\(name) \(status)")
        } else {
            let type = String((answer["content-type"] ?? "").prefix { $0 != ";" })
            let family = type.prefix { $0 != "/" } + "/*"
            #expect(types.contains(type) || types.contains(String(family)), "\(name) \(status): \(type)")
        }
        let headers = response["headers"] as? [String: [String: Any]] ?? [:]
        for (header, reference) in headers where self.resolved(reference)["required"] as? Bool == true {
            #expect(answer[header.lowercased()] != nil, "\(name) \(status) has no \(header)")
        }
    }
}
