import CacheInspect
import CacheProtocol
import Foundation
import ObjectStoreSupport
import TestSupport
import Testing

@Suite("A stream is shown with where its copies are")
struct ShowCopiesTests {
    private func show(_ name: String, _ bench: ColdBench) async throws -> StreamDetails {
        let inspector = try CacheInspector(try CacheLocation(config: bench.config()))
        return try await inspector.details(StreamID(name), tiers: bench.tiers(), environment: ColdBench.environment)
    }

    private func copies(_ details: StreamDetails) throws -> [String: Any] {
        let document = try JSONSerialization.jsonObject(with: Data(details.json().utf8)) as? [String: Any]
        return try #require(document?["copies"] as? [String: Any])
    }

    @Test("waiting, copied, and in the store alone, while the gateway is at work")
    func journey() async throws {
        let bench = try await ColdBench()
        try await bench.fill(["elsewhere": [7, 7]])
        try await bench.withGateway { gateway in
            bench.store.fail(.answer(507, code: "InsufficientCapacity"), count: 1_000) { $0.method == "PUT" }
            try await ColdBench.write("talk", [1, 2, 3], to: gateway)
            try await eventually("copying has failed") {
                (try self.copies(await self.show("talk", bench))["attempts"] as? Int ?? 0) > 0
            }
            let waiting = try await self.show("talk", bench)
            #expect(try self.copies(waiting)["tiers"] as? [String] == ["hot"])
            #expect(try self.copies(waiting)["ledger"] as? String == "pending")
            let text = waiting.lines.joined(separator: "\n")
            #expect(text.contains("waits to be copied") && text.contains("507"))
            #expect(text.contains("has nothing of this name"))
            bench.store.heal()
            try await eventually("it is copied") {
                try self.copies(await self.show("talk", bench))["ledger"] as? String == "copied"
            }
            let copied = try await self.show("talk", bench)
            #expect(try self.copies(copied)["tiers"] as? [String] == ["hot", "cold"])
            #expect(try self.copies(copied)["isColdTheSame"] as? Bool == true)
            #expect(copied.lines.contains { $0.hasPrefix("copies") && $0.hasSuffix("hot, cold") })
            let elsewhere = try await self.show("elsewhere", bench)
            #expect(try self.copies(elsewhere)["tiers"] as? [String] == ["cold"])
            #expect(elsewhere.lines.contains { $0.hasPrefix("size") && $0.contains("2 bytes") })
            let error = await #expect(throws: InspectError.self) { try await self.show("nobody", bench) }
            #expect(error?.code == .wrong)
        }
    }

    @Test("a copy that is another stream, and a store that can't be asked, are told")
    func doubtful() async throws {
        let bench = try await ColdBench()
        try await bench.withGateway { gateway in
            try await ColdBench.write("talk", [1, 2, 3], to: gateway)
            try await eventually("it is copied") {
                try self.copies(await self.show("talk", bench))["ledger"] as? String == "copied"
            }
        }
        bench.store.change("streams/talk") { $0 = nil }
        try await bench.fill(["talk": [4, 5, 6]])
        let other = try await self.show("talk", bench)
        #expect(try self.copies(other)["tiers"] as? [String] == ["hot"])
        #expect(other.lines.contains { $0.hasPrefix("cold tier") && $0.contains("has another stream") })
        await bench.store.kill()
        let away = try await self.show("talk", bench)
        // What the ledger says is all that is known then.
        #expect(try self.copies(away)["tiers"] as? [String] == ["hot", "cold"])
        #expect(away.lines.contains { $0.hasPrefix("cold tier") && $0.contains("can't be asked") })
    }
}
