import CacheProtocol
import NIOCore

extension S3Store {
    /// The object that tells this bucket and prefix from any other.
    var identityKey: String { "\(self.configuration.prefix)store-id" }

    /// The store's name, which it is given where it has none.
    func identity() async throws(CacheError) -> String {
        let identity: String?
        do throws(S3Failure) {
            identity = try await self.readOrMakeIdentity()
        } catch {
            throw self.error(error)
        }
        guard let identity, !identity.isEmpty else {
            throw CacheError(
                .io,
                "The object \(self.identityKey) is empty, or is gone as soon as it is made. Remove it, and see who else does."
            )
        }
        return identity
    }

    private func readOrMakeIdentity() async throws(S3Failure) -> String? {
        if let identity = try await self.readIdentity() { return identity }
        var payload = Payload()
        payload.append(ByteBuffer(string: String(UInt64.random(in: .min ... .max), radix: 36)))
        do throws(S3Failure) {
            let headers = [(name: "content-type", value: "text/plain")]
            try await self.client.put(self.identityKey, payload, headers: headers, isNew: true)
        } catch {
            // Another gateway was first.
            guard error.isPreconditionFailed else { throw error }
        }
        // Read back: of two that gave a name at once, the store kept one.
        return try await self.readIdentity()
    }

    private func readIdentity() async throws(S3Failure) -> String? {
        do throws(S3Failure) {
            let text = String(buffer: try await self.client.get(self.identityKey))
            return String(text.prefix(64))
        } catch {
            guard error.isMissing else { throw error }
            return nil
        }
    }
}
