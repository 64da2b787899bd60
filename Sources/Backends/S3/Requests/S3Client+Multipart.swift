import CacheProtocol
import NIOCore

/// A part of an upload, as the store has it.
struct UploadedPart: Hashable, Sendable {
    var number: Int
    var entityTag: String
}

/// An upload that was begun and neither completed nor aborted.
struct UnfinishedUpload: Hashable, Sendable {
    var key: String
    var uploadID: String
    var initiatedAt: Timestamp?
}

extension S3Client {
    /// Begins an object that is made of parts.
    ///
    /// - Returns: The upload's id.
    func createUpload(_ key: String, headers: [(name: String, value: String)]) async throws(S3Failure) -> String {
        var request = S3Request(method: .post, key: key)
        request.query = [("uploads", "")]
        request.headers = headers
        let root = try self.document(try await self.perform(request), of: request)
        guard let uploadID = root.text("UploadId"), !uploadID.isEmpty else {
            throw S3Failure(status: 500, code: "", message: "the answer has no UploadId", request: request.name)
        }
        return uploadID
    }

    /// Sends a part.
    ///
    /// - Parameters:
    ///   - number: The part's place, from 1 to 10000.
    ///   - payload: Its bytes; not none.
    func uploadPart(
        _ key: String,
        uploadID: String,
        number: Int,
        _ payload: Payload
    ) async throws(S3Failure) -> UploadedPart {
        var request = S3Request(method: .put, key: key)
        request.query = [("partNumber", "\(number)"), ("uploadId", uploadID)]
        request.body = payload.body
        let answer = try await self.perform(request)
        return UploadedPart(number: number, entityTag: answer.header("etag") ?? "")
    }

    /// Has the store copy a part out of an object.
    func copyPart(
        _ key: String,
        uploadID: String,
        number: Int,
        range: Range<Int64>
    ) async throws(S3Failure) -> UploadedPart {
        var request = S3Request(method: .put, key: key)
        request.query = [("partNumber", "\(number)"), ("uploadId", uploadID)]
        request.headers = [
            ("x-amz-copy-source", self.copySource(key)),
            ("x-amz-copy-source-range", "bytes=\(range.lowerBound)-\(range.upperBound - 1)"),
        ]
        let root = try self.document(try await self.perform(request), of: request)
        return UploadedPart(number: number, entityTag: root.text("ETag") ?? "")
    }

    /// Makes the object of its parts.
    func completeUpload(
        _ key: String,
        uploadID: String,
        parts: [UploadedPart],
        isNew: Bool
    ) async throws(S3Failure) {
        var request = S3Request(method: .post, key: key)
        request.query = [("uploadId", uploadID)]
        request.headers = [("content-type", "application/xml")]
        let list = parts.map { part in
            "<Part><PartNumber>\(part.number)</PartNumber><ETag>\(Self.escaped(part.entityTag))</ETag></Part>"
        }
        let namespace = "http://s3.amazonaws.com/doc/2006-03-01/"
        let document =
            "<CompleteMultipartUpload xmlns=\"\(namespace)\">\(list.joined())</CompleteMultipartUpload>"
        var payload = Payload()
        payload.append(ByteBuffer(string: document))
        request.body = payload.body
        do throws(S3Failure) {
            _ = try await self.performNew(request, isNew: isNew)
        } catch {
            // Made before, and the answer was lost: an upload that is completed is no longer there.
            guard error.wasRepeated, error.isMissing else { throw error }
            _ = try await self.head(key)
        }
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }

    /// Gives up an upload; the store forgets its parts.
    func abortUpload(_ key: String, uploadID: String) async throws(S3Failure) {
        var request = S3Request(method: .delete, key: key)
        request.query = [("uploadId", uploadID)]
        do throws(S3Failure) {
            _ = try await self.perform(request)
        } catch {
            guard error.isMissing else { throw error }
        }
    }

    /// Uploads that were begun and not ended, of keys that begin with a prefix.
    func unfinishedUploads(prefix: String) async throws(S3Failure) -> [UnfinishedUpload] {
        var all: [UnfinishedUpload] = []
        var markers: [(name: String, value: String)] = []
        while true {
            var request = S3Request(method: .get, key: nil)
            request.query = [("uploads", ""), ("max-uploads", "1000"), ("prefix", prefix)] + markers
            request.answerLimit = 4 << 20
            let root = try self.document(try await self.perform(request), of: request)
            for element in root.all("Upload") {
                guard let key = element.text("Key"), let uploadID = element.text("UploadId") else { continue }
                let initiated = element.text("Initiated").flatMap(CivilTime.init(rfc3339:))?.timestamp
                all.append(UnfinishedUpload(key: key, uploadID: uploadID, initiatedAt: initiated))
            }
            guard root.text("IsTruncated") == "true", let key = root.text("NextKeyMarker"), !key.isEmpty else {
                return all
            }
            markers = [("key-marker", key), ("upload-id-marker", root.text("NextUploadIdMarker") ?? "")]
        }
    }
}
