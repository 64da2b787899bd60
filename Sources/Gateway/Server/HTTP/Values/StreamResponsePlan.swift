import CacheProtocol
import HTTPTypes
import Wire

/// The answer to GET or HEAD of a stream, decided before a byte of it is read.
struct StreamResponsePlan: Equatable {
    /// What is sent behind the header.
    enum Body: Hashable {
        case none
        case bytes(ClosedRange<Int64>)
        case multipart(MultipartByteRanges)
        /// What is there from a position on and what comes, up to and including another; `nil` for all of it. How many
        /// bytes that are is known when it is over.
        case follow(from: Int64, through: Int64?)
    }

    var status: HTTPResponse.Status
    var fields: HTTPFields
    var body: Body

    /// Decides about a request.
    ///
    /// - Parameters:
    ///   - request: The request's headers.
    ///   - isHead: Whether the method is HEAD.
    ///   - stream: The stream.
    ///   - now: The time.
    ///   - boundary: Separates the parts where several are sent.
    /// - Throws: ``ProblemDetails`` with status 412 or 416.
    init(
        _ request: HTTPFields,
        isHead: Bool,
        of stream: StreamRepresentation,
        now: Timestamp,
        boundary: @autoclosure () -> String
    ) throws(ProblemDetails) {
        self.fields = stream.fields(now: now)
        let conditions = Preconditions(request)
        switch conditions.verdict(on: stream.validators, isRead: true) {
        case .proceed: break
        case .failed: throw .preconditionFailed(stream.info.id)
        case .notModified:
            self.status = .notModified
            self.fields[.contentType] = nil
            self.fields[.contentDisposition] = nil
            self.body = .none
            return
        }
        var ranges = request[.range].flatMap { ByteRangeSet($0) }
        if !conditions.admitsRange(of: stream.validators, now: HTTPDate(now)) { ranges = nil }
        let size = stream.status.size
        switch RangePlan(ranges, of: stream.status, isHead: isHead) {
        case .whole:
            self.status = .ok
            if stream.status.state == .live {
                self.body = .follow(from: 0, through: nil)
                self.fields[.trailer] = DigestField.representation
            } else {
                self.fields[.contentLength] = "\(size)"
                self.body = size > 0 ? .bytes(0...(size - 1)) : .none
            }
        case .part(let range):
            self.status = .partialContent
            self.fields[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(stream.completeLength)"
            self.fields[.contentLength] = "\(range.upperBound - range.lowerBound + 1)"
            self.body = .bytes(range)
        case .follow(let first, let last):
            self.status = .partialContent
            self.fields[.contentRange] = "bytes \(first)-\(last)/*"
            self.fields[.trailer] = DigestField.representation
            self.body = .follow(from: first, through: last)
        case .parts(let ranges):
            let multipart = MultipartByteRanges(
                ranges,
                contentType: stream.type.fieldValue,
                completeLength: stream.completeLength,
                boundary: boundary()
            )
            self.status = .partialContent
            self.fields[.contentType] = "multipart/byteranges; boundary=\(multipart.boundary)"
            self.fields[.contentLength] = "\(multipart.length)"
            self.body = .multipart(multipart)
        case .unsatisfiable: throw .unsatisfiableRange(stream.info.id, size: size)
        }
    }
}

extension ProblemDetails {
    static func preconditionFailed(_ id: StreamID) -> ProblemDetails {
        ProblemDetails(
            .preconditionFailed,
            .preconditionFailed,
            "The stream is not in the state that If-Match, If-None-Match or If-Unmodified-Since asks for.",
            streamID: id.rawValue
        )
    }

    static func unsatisfiableRange(_ id: StreamID, size: Int64) -> ProblemDetails {
        var problem = ProblemDetails(
            .rangeNotSatisfiable,
            .range,
            "Nothing of the range is there: the stream has \(size) bytes.",
            streamID: id.rawValue
        )
        problem.fields[.contentRange] = "bytes */\(size)"
        return problem
    }
}
