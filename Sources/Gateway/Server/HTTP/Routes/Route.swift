import HTTPTypes
import Hummingbird

/// One thing that the server does over plain HTTP.
struct Route: Sendable {
    /// What a request does: what its sender must be allowed to do.
    enum Action: Hashable, Sendable {
        case read
        /// Looks what is known of a stream, as INFO does.
        case look
        case list
        case write
        case delete
        case monitor

        /// The right that it needs of somebody with these rights.
        ///
        /// Whoever may write learns how far an upload has come, as by INFO.
        func rights(having rights: Rights) -> Rights {
            switch self {
            case .read: .read
            case .look: rights.contains(.write) ? .write : .read
            case .list: .list
            case .write: .write
            case .delete: .delete
            case .monitor: .monitor
            }
        }
    }

    typealias Handler = @Sendable (Request, GatewayRequestContext) async throws -> Response

    /// The path, with `{id}` for a stream's id.
    let path: String
    let method: HTTPRequest.Method
    /// `nil` for what everybody may do.
    let action: Action?
    let handler: Handler

    /// Where the stream's id stands in ``path``.
    static let idSegment = "{id}"

    /// Makes a route.
    init(_ method: HTTPRequest.Method, _ path: String, _ action: Action?, _ handler: @escaping Handler) {
        self.path = path
        self.method = method
        self.action = action
        self.handler = handler
    }

    /// Whether a request's path is this one's. Empty segments mean nothing, as they do to the router.
    ///
    /// - Parameter path: The path of the request, without query.
    func matches(_ path: String) -> Bool {
        let wanted = self.path.split(separator: "/")
        let segments = path.split(separator: "/")
        return wanted.count == segments.count
            && zip(wanted, segments).allSatisfy { $0 == Self.idSegment || $0.utf8.elementsEqual($1.utf8) }
    }
}

extension [Route] {
    /// The routes of a path, whatever their methods.
    func routes(at path: String) -> [Route] { self.filter { $0.matches(path) } }
}
