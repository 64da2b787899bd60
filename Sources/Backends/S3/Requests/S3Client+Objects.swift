import CacheProtocol
import Crypto
import NIOCore

/// Bytes at hand for the body of a request, with their digest.
struct Payload: Sendable {
    private(set) var buffers: [ByteBuffer] = []
    private(set) var count = 0
    private var hasher = SHA256()

    mutating func append(_ buffer: ByteBuffer) {
        guard buffer.readableBytes > 0 else { return }
        buffer.withUnsafeReadableBytes { self.hasher.update(bufferPointer: $0) }
        self.count += buffer.readableBytes
        self.buffers.append(buffer)
    }

    /// The digest of what was appended.
    var sha256: SHA256Value? { SHA256Value(bytes: self.hasher.finalize()) }

    /// The payload as a body; none where it is empty.
    var body: S3Request.Body {
        guard self.count > 0, let digest = self.sha256 else { return .none }
        return .buffers(self.buffers, digest)
    }
}

/// What a listing says of an object.
struct ListedObject: Hashable, Sendable {
    var key: String
    var size: Int64
    var entityTag: String
    var lastModified: String
}

extension S3Client {
    /// The headers of an object.
    ///
    /// - Throws: ``S3Failure``; ``S3Failure/isMissing`` where there is none, ``S3Failure/isMissingBucket`` where that is
    ///   because there is no bucket.
    func head(_ key: String) async throws(S3Failure) -> S3Answer {
        do throws(S3Failure) {
            return try await self.perform(S3Request(method: .head, key: key))
        } catch {
            if error.isMissing { try await self.confirmBucket() }
            throw error
        }
    }

    /// Sees to it that the bucket is there. It is asked for only where no answer has shown it in the last seconds.
    private func confirmBucket() async throws(S3Failure) {
        guard !self.bucket.wasSeen(lately: self.clock.wall()) else { return }
        try await self.bucket.confirm { () async throws(S3Failure) in try await self.headBucket() }
    }

    /// Looks whether the bucket is there and lets us in.
    func headBucket() async throws(S3Failure) {
        // A listing of nothing is an answer with a code, where HEAD would only have a status.
        var request = S3Request(method: .get, key: nil)
        request.query = [("list-type", "2"), ("max-keys", "1")]
        _ = try await self.perform(request)
    }

    /// Bytes of an object.
    ///
    /// - Parameters:
    ///   - key: The object.
    ///   - range: Which; inside the object and not empty.
    ///   - entityTag: The object must still be this one.
    func get(_ key: String, range: Range<Int64>, entityTag: String) async throws(S3Failure) -> ByteBuffer {
        var request = S3Request(method: .get, key: key)
        request.headers = [("range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"), ("if-match", entityTag)]
        // An error's text may be longer than a short range.
        request.answerLimit = max(Int(range.count), 64 << 10)
        let answer = try await self.perform(request)
        guard answer.body.readableBytes == range.count else {
            let message = "\(range.count) bytes were asked for, but \(answer.body.readableBytes) came"
            throw S3Failure(status: 0, code: "", message: message, request: request.name)
        }
        return answer.body
    }

    /// Bytes of an object that is small, all of them.
    func get(_ key: String) async throws(S3Failure) -> ByteBuffer {
        try await self.perform(S3Request(method: .get, key: key)).body
    }

    /// Makes an object of bytes at hand.
    ///
    /// - Parameters:
    ///   - key: The object.
    ///   - payload: Its bytes.
    ///   - headers: Its metadata.
    ///   - isNew: Whether there must be none of this key yet, where the store can tell.
    func put(
        _ key: String,
        _ payload: Payload,
        headers: [(name: String, value: String)],
        isNew: Bool
    ) async throws(S3Failure) {
        var request = S3Request(method: .put, key: key)
        request.headers = headers
        request.body = payload.body
        _ = try await self.performNew(request, isNew: isNew)
    }

    /// Makes an object of bytes that come while it is made. Is not made again where it fails.
    func put(
        _ key: String,
        streaming body: UploadBody,
        count: Int64,
        sha256: SHA256Value,
        headers: [(name: String, value: String)],
        isNew: Bool
    ) async throws(S3Failure) {
        var request = S3Request(method: .put, key: key)
        request.headers = headers
        request.body = .stream(body, count: count, sha256)
        _ = try await self.performNew(request, isNew: isNew)
    }

    /// Removes an object; that there is none is fine.
    func delete(_ key: String) async throws(S3Failure) {
        do throws(S3Failure) {
            _ = try await self.perform(S3Request(method: .delete, key: key))
        } catch {
            guard error.isMissing else { throw error }
        }
    }

    /// Gives an object other metadata, by having the store copy it onto itself. For at most 5 GiB.
    func replaceMetadata(_ key: String, headers: [(name: String, value: String)]) async throws(S3Failure) {
        var request = S3Request(method: .put, key: key)
        request.headers =
            headers + [
                ("x-amz-copy-source", self.copySource(key)),
                ("x-amz-metadata-directive", "REPLACE"),
            ]
        _ = try await self.perform(request)
    }

    func copySource(_ key: String) -> String {
        "/" + PercentEncoding.encode("\(self.endpoint.bucket)/\(key)", keepsSlashes: true)
    }

    /// Objects whose keys begin with a prefix, in the order of their keys' bytes.
    ///
    /// - Parameters:
    ///   - prefix: How the keys begin.
    ///   - key: Only keys after this one.
    ///   - limit: How many at most, up to 1000.
    /// - Returns: The objects, and whether there are more.
    func list(
        prefix: String,
        after key: String?,
        limit: Int
    ) async throws(S3Failure) -> (objects: [ListedObject], hasMore: Bool) {
        var request = S3Request(method: .get, key: nil)
        request.query = [("list-type", "2"), ("max-keys", "\(min(limit, 1_000))"), ("prefix", prefix)]
        if let key { request.query.append(("start-after", key)) }
        request.answerLimit = 4 << 20
        let root = try self.document(try await self.perform(request), of: request)
        let objects = root.all("Contents").compactMap { element -> ListedObject? in
            guard let key = element.text("Key"), let size = element.text("Size").flatMap(Int64.init) else { return nil }
            return ListedObject(
                key: key,
                size: size,
                entityTag: element.text("ETag") ?? "",
                lastModified: element.text("LastModified") ?? ""
            )
        }
        return (objects, root.text("IsTruncated") == "true")
    }

    func document(_ answer: S3Answer, of request: S3Request) throws(S3Failure) -> XMLElement {
        guard let root = XMLElement.parse(Array(answer.body.readableBytesView)) else {
            throw S3Failure(
                status: answer.status,
                code: "",
                message: "the answer is no XML document",
                request: request.name
            )
        }
        return root
    }
}
