import CacheProtocol
import Testing

@testable import gateway

@Suite("What the environment says of a socket")
struct InheritedSocketTests {
    @Test(
        "nothing is taken that is not handed over to this process",
        arguments: [
            (nil, nil), ("1", nil), (nil, "7"), ("1", "8"), ("1", ""), ("1", "07"), ("1", "x"), ("0", "7"),
            ("nonsense", "8"),
        ]
    )
    func none(count: String?, process: String?) throws {
        #expect(try InheritedSocket.find(count: count, process: process, own: 7) == nil)
    }

    @Test("more than one is refused, and so is what is no number", arguments: ["2", "-1", "", "one", "01", "1 "])
    func count(count: String) {
        #expect(throws: ConfigError.self) { try InheritedSocket.find(count: count, process: "7", own: 7) }
    }

    @Test("a descriptor that is not open is refused")
    func closed() {
        let error = #expect(throws: ConfigError.self) { try InheritedSocket(.max) }
        #expect(error?.description.contains("which is not open") == true)
    }
}
