import CacheProtocol
import Foundation
import TestSupport
import Testing

@testable import S3Backend

@Suite("Credentials are found, and never shown")
struct CredentialsTests {
    private func configuration(file: String? = nil, profile: String = "default") throws -> S3Configuration {
        let endpoint = S3Endpoint(url: "http://127.0.0.1:1", bucket: "b", region: "r", usesPathStyle: true)
        var configuration = S3Configuration(endpoint: try #require(endpoint))
        configuration.credentialsFile = file
        configuration.profile = profile
        return configuration
    }

    @Test("no way of printing credentials shows the secret or the token")
    func hidden() {
        let credentials = S3Credentials(accessKeyID: "KEY", secretAccessKey: "SECRET", sessionToken: "TOKEN")
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in [
            "\(credentials)", String(reflecting: credentials), "\([credentials])", "\(Optional(credentials) as Any)",
            dumped,
        ] {
            #expect(!text.contains("SECRET") && !text.contains("TOKEN"), "\(text)")
        }
    }

    @Test("the environment's variables are used, and missing ones are named")
    func environment() throws {
        let found = try S3Credentials.find(
            for: self.configuration(),
            environment: ["AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": ""]
        )
        #expect(found == S3Credentials(accessKeyID: "k", secretAccessKey: "s"))
        let error = #expect(throws: CacheError.self) {
            try S3Credentials.find(for: self.configuration(), environment: ["AWS_ACCESS_KEY_ID": "k"])
        }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("AWS_SECRET_ACCESS_KEY") == true)
    }

    @Test("a file's section is used, in the format of the AWS command line")
    func file() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/credentials"
        let text = """
            # both
            [other]
            aws_access_key_id = no
            [default]
            aws_access_key_id=k
              aws_secret_access_key =  s/+=
            aws_session_token = t
            """
        let manager = FileManager.default
        _ = manager.createFile(atPath: path, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
        let found = try S3Credentials.find(for: self.configuration(file: path), environment: [:])
        #expect(found == S3Credentials(accessKeyID: "k", secretAccessKey: "s/+=", sessionToken: "t"))
        let missing = #expect(throws: CacheError.self) {
            try S3Credentials.find(for: self.configuration(file: path, profile: "other"), environment: [:])
        }
        #expect(missing?.message.contains("[other]") == true)
    }

    @Test("a file that others may read is refused, with the command that mends it")
    func openFile() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/credentials"
        let attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o640]
        _ = FileManager.default.createFile(atPath: path, contents: Data("secret".utf8), attributes: attributes)
        let error = #expect(throws: CacheError.self) {
            try S3Credentials.find(for: self.configuration(file: path), environment: [:])
        }
        #expect(error?.code == .configuration)
        #expect(error?.message.contains("chmod 600 \(path)") == true)
    }
}
