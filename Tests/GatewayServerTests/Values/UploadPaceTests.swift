import Testing

@testable import GatewayServer

@Suite("When a backend is told that no more bytes are at hand")
struct UploadPaceTests {
    @Test("a microphone's packet goes on at once, each of them")
    func packets() {
        var pace = UploadPace()
        for _ in 0..<3 {
            pace.handedOn(640)
            #expect(pace.readCompleted() == .flush)
        }
    }

    @Test("a read that brought nothing for the upload tells nothing")
    func nothing() {
        var pace = UploadPace()
        #expect(pace.readCompleted() == .none)
        pace.handedOn(640)
        pace.told()
        #expect(pace.readCompleted() == .none)
    }

    @Test("of a fast upload it is told once nothing has come for a while")
    func fast() {
        var pace = UploadPace()
        pace.handedOn(UploadPace.fast)
        #expect(pace.readCompleted() == .lookLater)
        pace.handedOn(UploadPace.fastInPatience)
        #expect(pace.readCompleted() == .none)
        #expect(pace.timePassed(isBlocked: false) == .lookLater)
        #expect(pace.timePassed(isBlocked: false) == .flush)
        #expect(pace.readCompleted() == .none)
        // What comes after that begins anew.
        pace.handedOn(640)
        #expect(pace.readCompleted() == .flush)
    }

    @Test("a fast upload that has become slow waits for one look and no more")
    func slowed() {
        var pace = UploadPace()
        pace.handedOn(UploadPace.fast)
        #expect(pace.readCompleted() == .lookLater)
        pace.handedOn(640)
        #expect(pace.readCompleted() == .none)
        #expect(pace.timePassed(isBlocked: false) == .flush)
    }

    @Test("nothing is told while the upload itself is held up, and all once it is not")
    func blocked() {
        var pace = UploadPace()
        pace.handedOn(UploadPace.fast)
        #expect(pace.readCompleted() == .lookLater)
        #expect(pace.timePassed(isBlocked: true) == .lookLater)
        #expect(pace.timePassed(isBlocked: true) == .lookLater)
        #expect(pace.timePassed(isBlocked: false) == .flush)
    }

    @Test("a look after which the backend was told otherwise is the last one")
    func toldMeanwhile() {
        var pace = UploadPace()
        pace.handedOn(UploadPace.fast)
        #expect(pace.readCompleted() == .lookLater)
        pace.told()
        #expect(pace.timePassed(isBlocked: true) == .none)
    }
}
