#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Says for which seed a property does not hold; `PROPERTY_SEED` in the environment runs that one alone.
public struct PropertyFailure: Error, CustomStringConvertible {
    /// What the failing case was made of.
    public var seed: UInt64
    /// What went wrong.
    public var cause: any Error

    /// The seed, how to run it again, and the cause.
    public var description: String {
        "with seed \(self.seed) (PROPERTY_SEED=\(self.seed) runs it again): \(self.cause)"
    }
}

/// Checks that something holds for many random cases.
///
/// Inside, use `#require` and not `#expect`: only what is thrown gets the seed beside it.
///
/// - Parameters:
///   - runs: How many cases.
///   - body: Makes a case of the numbers and checks it.
/// - Throws: ``PropertyFailure`` for the first case that throws.
public func checkProperty(runs: Int = 100, _ body: (inout SeededGenerator) throws -> Void) throws {
    let given = getenv("PROPERTY_SEED").flatMap { UInt64(String(cString: $0)) }
    for _ in 0..<(given == nil ? runs : 1) {
        var random = given.map { SeededGenerator(seed: $0) } ?? SeededGenerator()
        let seed = random.seed
        do {
            try body(&random)
        } catch {
            throw PropertyFailure(seed: seed, cause: error)
        }
    }
}

/// Checks that something holds for many random cases; see ``checkProperty(runs:_:)-(Int,_)``.
///
/// - Parameters:
///   - runs: How many cases.
///   - body: Makes a case of the numbers and checks it.
/// - Throws: ``PropertyFailure`` for the first case that throws.
public func checkProperty(runs: Int = 100, _ body: (inout SeededGenerator) async throws -> Void) async throws {
    let given = getenv("PROPERTY_SEED").flatMap { UInt64(String(cString: $0)) }
    for _ in 0..<(given == nil ? runs : 1) {
        var random = given.map { SeededGenerator(seed: $0) } ?? SeededGenerator()
        let seed = random.seed
        do {
            try await body(&random)
        } catch {
            throw PropertyFailure(seed: seed, cause: error)
        }
    }
}
