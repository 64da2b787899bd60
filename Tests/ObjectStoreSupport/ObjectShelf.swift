import Crypto
import Foundation
public import NIOCore

/// An object.
public struct StoredObject: Sendable {
    /// The bytes.
    public var bytes: ByteBuffer
    /// Content type and metadata.
    public var headers: [String: String]
    var entityTag: String
    var modified: Date
}

/// What the store has, and what it does to it.
struct ObjectShelf: Sendable {
    struct Upload: Sendable {
        var key: String
        var headers: [String: String]
        var begun: Date
        var parts: [Int: (bytes: ByteBuffer, entityTag: String)] = [:]
    }

    var objects: [String: StoredObject] = [:]
    var uploads: [String: Upload] = [:]
    var knowsConditions = true
    var hasBucket = true
    var clockAhead: Int64 = 0
    private var lastUpload = 0

    private var now: Date { Date(timeIntervalSince1970: Date().timeIntervalSince1970 + Double(self.clockAhead)) }

    mutating func answer(_ request: StoreRequest) -> StoreAnswer {
        let now = self.now
        var answer: StoreAnswer
        if let fault = request.signatureFault(storeTime: Self.format(now, "%Y%m%dT%H%M%SZ")) {
            answer = .error(fault == "XAmzContentSHA256Mismatch" ? 400 : 403, fault, "The signature is wrong.")
        } else if request.bucket != ObjectStoreDouble.bucket || !self.hasBucket {
            answer = .error(404, "NoSuchBucket", "There is no such bucket.")
        } else {
            answer = self.perform(request, now)
        }
        answer.headers += [("date", Self.format(now, "%a, %d %b %Y %H:%M:%S GMT")), ("x-amz-request-id", "request-1")]
        return answer
    }

    private mutating func perform(_ request: StoreRequest, _ now: Date) -> StoreAnswer {
        let uploadID = request.query["uploadId"]
        switch (request.method, request.key.isEmpty) {
        case ("GET", true) where request.query["uploads"] != nil: return self.listUploads(request)
        case ("GET", true): return self.list(request)
        case ("HEAD", false), ("GET", false): return self.get(request)
        case ("DELETE", false):
            if let uploadID {
                return self.uploads.removeValue(forKey: uploadID) == nil ? Self.noUpload : StoreAnswer(status: 204)
            }
            self.objects[request.key] = nil
            return StoreAnswer(status: 204)
        case ("POST", false) where request.query["uploads"] != nil:
            self.lastUpload += 1
            let id = "upload-\(self.lastUpload)"
            self.uploads[id] = Upload(key: request.key, headers: Self.kept(request), begun: now)
            return .xml("<InitiateMultipartUploadResult><UploadId>\(id)</UploadId></InitiateMultipartUploadResult>")
        case ("POST", false): return self.complete(request, uploadID ?? "", now)
        case ("PUT", false):
            guard let uploadID else { return self.put(request, now) }
            return self.putPart(request, uploadID)
        default: return .error(405, "MethodNotAllowed", "Not here.")
        }
    }

    private static var noUpload: StoreAnswer { .error(404, "NoSuchUpload", "There is no such upload.") }

    private static func kept(_ request: StoreRequest) -> [String: String] {
        request.headers.filter { $0.key == "content-type" || $0.key.hasPrefix("x-amz-meta-") }
    }

    private static func entityTag(_ bytes: ByteBuffer) -> String {
        "\"\(StoreRequest.hexadecimal(Array(Insecure.MD5.hash(data: Array(bytes.readableBytesView)))))\""
    }

    // MARK: Objects

    private func get(_ request: StoreRequest) -> StoreAnswer {
        guard let object = self.objects[request.key] else { return .error(404, "NoSuchKey", "There is no such key.") }
        if let wanted = request.headers["if-match"], wanted != object.entityTag {
            return .error(412, "PreconditionFailed", "It is another.")
        }
        var answer = StoreAnswer(status: 200, headers: object.headers.map { ($0.key, $0.value) }, body: object.bytes)
        answer.headers += [
            ("etag", object.entityTag), ("last-modified", Self.format(object.modified, "%a, %d %b %Y %H:%M:%S GMT")),
        ]
        let size = object.bytes.readableBytes
        if let range = request.headers["range"] {
            let bounds = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
            guard bounds.count == 2, bounds[0] < size, bounds[0] <= bounds[1] else {
                return .error(416, "InvalidRange", "It has \(size) bytes.")
            }
            let last = min(bounds[1], size - 1)
            answer.status = 206
            answer.headers.append(("content-range", "bytes \(bounds[0])-\(last)/\(size)"))
            answer.body =
                object.bytes.getSlice(at: object.bytes.readerIndex + bounds[0], length: last - bounds[0] + 1)
                ?? ByteBuffer()
        }
        answer.headers.append(("content-length", "\(answer.body.readableBytes)"))
        return answer
    }

    private func condition(_ request: StoreRequest) -> StoreAnswer? {
        guard request.headers["if-none-match"] != nil else { return nil }
        guard self.knowsConditions else { return .error(501, "NotImplemented", "No conditions are known.") }
        return self.objects[request.key] == nil ? nil : .error(412, "PreconditionFailed", "It is there.")
    }

    private mutating func put(_ request: StoreRequest, _ now: Date) -> StoreAnswer {
        if let answer = self.condition(request) { return answer }
        var bytes = request.body
        if let source = request.headers["x-amz-copy-source"] {
            guard let object = self.source(source) else { return .error(404, "NoSuchKey", "There is no such key.") }
            bytes = object.bytes
        }
        let tag = Self.entityTag(bytes)
        self.objects[request.key] = StoredObject(
            bytes: bytes,
            headers: Self.kept(request),
            entityTag: tag,
            modified: now
        )
        guard request.headers["x-amz-copy-source"] != nil else {
            return StoreAnswer(status: 200, headers: [("etag", tag)])
        }
        return .xml("<CopyObjectResult><ETag>\(tag)</ETag></CopyObjectResult>")
    }

    private func source(_ name: String) -> StoredObject? {
        let path = StoreRequest.decoded(name).drop { $0 == "/" }
        return self.objects[String(path.dropFirst(ObjectStoreDouble.bucket.count + 1))]
    }

    // MARK: Parts

    private mutating func putPart(_ request: StoreRequest, _ uploadID: String) -> StoreAnswer {
        guard self.uploads[uploadID]?.key == request.key else { return Self.noUpload }
        guard let number = request.query["partNumber"].flatMap(Int.init), (1...10_000).contains(number) else {
            return .error(400, "InvalidArgument", "A part's number is from 1 to 10000.")
        }
        var bytes = request.body
        let copied = request.headers["x-amz-copy-source"].flatMap { self.source($0) }
        if let copied, let range = request.headers["x-amz-copy-source-range"] {
            let bounds = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
            guard bounds.count == 2,
                let slice = copied.bytes.getSlice(
                    at: copied.bytes.readerIndex + bounds[0],
                    length: bounds[1] - bounds[0] + 1
                )
            else { return .error(400, "InvalidArgument", "The range is not inside.") }
            bytes = slice
        }
        let tag = Self.entityTag(bytes)
        self.uploads[uploadID]?.parts[number] = (bytes, tag)
        if copied != nil { return .xml("<CopyPartResult><ETag>\(tag)</ETag></CopyPartResult>") }
        return StoreAnswer(status: 200, headers: [("etag", tag)])
    }

    private mutating func complete(_ request: StoreRequest, _ uploadID: String, _ now: Date) -> StoreAnswer {
        guard let upload = self.uploads[uploadID], upload.key == request.key else { return Self.noUpload }
        // OpenStack Swift passes over what it does not know here.
        if self.knowsConditions, let answer = self.condition(request) { return answer }
        let document = String(buffer: request.body)
        let listed = document.components(separatedBy: "<PartNumber>").dropFirst().compactMap { text -> (Int, String)? in
            guard let number = Int(text.prefix { $0.isNumber }), let start = text.range(of: "<ETag>"),
                let end = text.range(of: "</ETag>")
            else { return nil }
            return (number, text[start.upperBound..<end.lowerBound].replacingOccurrences(of: "&quot;", with: "\""))
        }
        var whole = ByteBuffer()
        for (index, (number, tag)) in listed.enumerated() {
            guard let part = upload.parts[number], part.entityTag == tag, index == 0 || listed[index - 1].0 < number
            else {
                return .error(400, "InvalidPart", "Part \(number) is not there, or another.")
            }
            var bytes = part.bytes
            whole.writeBuffer(&bytes)
        }
        guard !listed.isEmpty else { return .error(400, "MalformedXML", "There are no parts.") }
        let tag = "\(Self.entityTag(whole).dropLast())-\(listed.count)\""
        self.objects[request.key] = StoredObject(bytes: whole, headers: upload.headers, entityTag: tag, modified: now)
        self.uploads[uploadID] = nil
        return .xml("<CompleteMultipartUploadResult><ETag>\(tag)</ETag></CompleteMultipartUploadResult>")
    }

    // MARK: Listings

    private func list(_ request: StoreRequest) -> StoreAnswer {
        let limit = request.query["max-keys"].flatMap(Int.init) ?? 1_000
        let prefix = request.query["prefix"] ?? ""
        let start = request.query["start-after"] ?? ""
        let all = self.objects.keys
            .filter { $0.utf8.starts(with: prefix.utf8) && start.utf8.lexicographicallyPrecedes($0.utf8) }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let entries = all.prefix(limit).compactMap { key in self.objects[key].map { (key, $0) } }.map { key, object in
            "<Contents><Key>\(key)</Key><Size>\(object.bytes.readableBytes)</Size><ETag>\(object.entityTag)</ETag>"
                + "<LastModified>\(Self.format(object.modified, "%Y-%m-%dT%H:%M:%S.000Z"))</LastModified></Contents>"
        }
        return .xml(
            "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>\(all.count > limit)"
                + "</IsTruncated>\(entries.joined())</ListBucketResult>"
        )
    }

    private func listUploads(_ request: StoreRequest) -> StoreAnswer {
        let prefix = request.query["prefix"] ?? ""
        let entries = self.uploads.filter { $0.value.key.hasPrefix(prefix) }.map { id, upload in
            "<Upload><Key>\(upload.key)</Key><UploadId>\(id)</UploadId>"
                + "<Initiated>\(Self.format(upload.begun, "%Y-%m-%dT%H:%M:%S.000Z"))</Initiated></Upload>"
        }
        return .xml(
            "<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>\(entries.joined())</ListMultipartUploadsResult>"
        )
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension ObjectShelf {
    /// A time in UTC, as strftime(3) writes it in the C locale.
    static func format(_ date: Date, _ pattern: String) -> String {
        var seconds = time_t(date.timeIntervalSince1970)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var text = [CChar](repeating: 0, count: 64)
        let count = strftime(&text, text.count, pattern, &parts)
        return String(decoding: text.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
