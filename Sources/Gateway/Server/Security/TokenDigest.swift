public import CacheProtocol
import Crypto

/// What is kept of a token: its SHA-256.
///
/// Tokens are long and random, so that their digest can't be turned back by trying; a slow hash for passwords would add
/// nothing but work for whoever is sent wrong ones.
public struct TokenDigest: Hashable, Sendable {
    private let value: SHA256Value

    /// Takes a digest that was made before.
    ///
    /// - Parameter value: The SHA-256 of a token's bytes.
    public init(_ value: SHA256Value) { self.value = value }

    /// Digests a token.
    ///
    /// - Parameter token: The token as it is sent.
    /// - Returns: `nil` in a case that does not come up: SHA-256 has 32 bytes.
    init?(of token: some Sequence<UInt8>) {
        guard let value = SHA256Value(bytes: SHA256.hash(data: Array(token))) else { return nil }
        self.value = value
    }

    /// Whether two digests are the same, found out in a time that does not depend on where they differ.
    func isEqual(to other: Self) -> Bool {
        var difference: UInt8 = 0
        for (one, another) in zip(self.value.bytes, other.value.bytes) { difference |= one ^ another }
        return difference == 0
    }
}
