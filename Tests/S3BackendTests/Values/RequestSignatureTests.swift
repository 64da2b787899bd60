import CacheProtocol
import Testing

@testable import S3Backend

/// Requests whose signatures AWS has published: of its Signature Version 4 test suite, and of the examples in S3's
/// reference ("Authenticating Requests: Using the Authorization Header").
struct PublishedSignature: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var method = "GET"
    var path = "/"
    var query: [(name: String, value: String)] = []
    var headers: [(name: String, value: String)] = []
    var payload = PublishedSignature.emptyDigest
    var isOfS3 = false
    var signedHeaders: String
    var signature: String

    static let emptyDigest = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

    private static func suite(
        _ name: String,
        method: String = "GET",
        path: String = "/",
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        signed: String = "host;x-amz-date",
        _ signature: String
    ) -> PublishedSignature {
        var all = headers
        all += [("X-Amz-Date", "20150830T123600Z"), ("Host", "example.amazonaws.com")]
        return PublishedSignature(
            testDescription: name,
            method: method,
            path: path,
            query: query,
            headers: all,
            signedHeaders: signed,
            signature: signature
        )
    }

    private static func s3(
        _ name: String,
        method: String = "GET",
        path: String = "/",
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        payload: String = emptyDigest,
        signed: String = "host;x-amz-content-sha256;x-amz-date",
        _ signature: String
    ) -> PublishedSignature {
        var all = headers
        all += [
            ("Host", "examplebucket.s3.amazonaws.com"), ("x-amz-date", "20130524T000000Z"),
            ("x-amz-content-sha256", payload),
        ]
        return PublishedSignature(
            testDescription: name,
            method: method,
            path: path,
            query: query,
            headers: all,
            payload: payload,
            isOfS3: true,
            signedHeaders: signed,
            signature: signature
        )
    }

    static let all = [
        suite("a plain GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        suite(
            "a plain POST",
            method: "POST",
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        ),
        suite(
            "a query out of order",
            query: [("Param2", "value2"), ("Param1", "value1")],
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        ),
        suite(
            "a path beyond ASCII",
            path: "/\u{1234}",
            "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"
        ),
        suite(
            "headers with space in and around them",
            headers: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\" ")],
            signed: "host;my-header1;my-header2;x-amz-date",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"
        ),
        suite(
            "a header that comes several times",
            headers: [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
            signed: "host;my-header1;x-amz-date",
            "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"
        ),
        s3(
            "a range of an object",
            path: "/test.txt",
            headers: [("Range", "bytes=0-9")],
            signed: "host;range;x-amz-content-sha256;x-amz-date",
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
        ),
        s3(
            "an object that is put",
            method: "PUT",
            path: "/test$file.text",
            headers: [
                ("Date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
            ],
            payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            signed: "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"
        ),
        s3(
            "a query of a name alone",
            query: [("lifecycle", "")],
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"
        ),
        s3(
            "a listing",
            query: [("max-keys", "2"), ("prefix", "J")],
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"
        ),
    ]
}

@Suite("Signatures are those that AWS publishes")
struct RequestSignatureTests {
    @Test("each published example", arguments: PublishedSignature.all)
    func published(_ example: PublishedSignature) throws {
        let request = CanonicalRequest(
            method: example.method,
            path: example.path,
            query: example.query,
            headers: example.headers,
            payload: example.payload
        )
        let key = example.isOfS3 ? "AKIAIOSFODNN7EXAMPLE" : "AKIDEXAMPLE"
        let secret = "wJalrXUtnFEMI/K7MDENG\(example.isOfS3 ? "/" : "+")bPxRfiCYEXAMPLEKEY"
        let text = example.isOfS3 ? "2013-05-24T00:00:00Z" : "2015-08-30T12:36:00Z"
        let time = try #require(CivilTime(rfc3339: text))
        let scope = SigningScope(time: time, region: "us-east-1", service: example.isOfS3 ? "s3" : "service")
        let credentials = S3Credentials(accessKeyID: key, secretAccessKey: secret)
        let signature = RequestSignature(of: request, scope: scope, credentials: credentials)
        #expect(request.signedHeaders == example.signedHeaders)
        #expect(signature.signature == example.signature)
        let date = example.isOfS3 ? "20130524" : "20150830"
        #expect(
            signature.authorization
                == "AWS4-HMAC-SHA256 Credential=\(key)/\(date)/us-east-1/\(scope.service)/aws4_request, "
                + "SignedHeaders=\(example.signedHeaders), Signature=\(example.signature)"
        )
    }

    @Test("the published range request has the published canonical form and string to sign")
    func steps() throws {
        let example = try #require(PublishedSignature.all.first { $0.testDescription == "a range of an object" })
        let request = CanonicalRequest(
            method: example.method,
            path: example.path,
            query: example.query,
            headers: example.headers,
            payload: example.payload
        )
        #expect(
            request.text == """
                GET
                /test.txt

                host:examplebucket.s3.amazonaws.com
                range:bytes=0-9
                x-amz-content-sha256:\(PublishedSignature.emptyDigest)
                x-amz-date:20130524T000000Z

                host;range;x-amz-content-sha256;x-amz-date
                \(PublishedSignature.emptyDigest)
                """
        )
        let time = try #require(CivilTime(rfc3339: "2013-05-24T00:00:00Z"))
        let signature = RequestSignature(
            of: request,
            scope: SigningScope(time: time, region: "us-east-1"),
            credentials: S3Credentials(accessKeyID: "a", secretAccessKey: "b")
        )
        #expect(
            signature.stringToSign == """
                AWS4-HMAC-SHA256
                20130524T000000Z
                20130524/us-east-1/s3/aws4_request
                7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972
                """
        )
    }
}
