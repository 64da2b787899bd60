import Testing
import Wire

@testable import AudioClient

@Suite("When to go on, and when to give up")
struct PerseveranceTests {
    private let dropped = ClientError(.io, "x", cause: .dropped)

    @Test("as long as connections get anywhere there is no end, and without that there is")
    func progress() {
        var generator = SeededGenerator(seed: 1)
        var perseverance = Perseverance(Backoff(maximumRetries: 3, base: .milliseconds(1), cap: .milliseconds(5)))
        for _ in 0..<50 {
            #expect(perseverance.delay(after: self.dropped, hasProgressed: true, using: &generator) != nil)
        }
        for _ in 0..<2 {
            #expect(perseverance.delay(after: self.dropped, hasProgressed: false, using: &generator) != nil)
        }
        #expect(perseverance.delay(after: self.dropped, hasProgressed: false, using: &generator) == nil)
        #expect(perseverance.resumptions == 52)
    }

    @Test("without retries nothing is tried again")
    func none() {
        var generator = SeededGenerator(seed: 1)
        var perseverance = Perseverance(Backoff(maximumRetries: 0))
        #expect(perseverance.delay(after: self.dropped, hasProgressed: true, using: &generator) == nil)
    }

    @Test("only what may pass by itself is tried again")
    func passing() {
        let passing: [ClientError.Cause] = [
            .dropped, .timedOut, .closed(.goingAway), .closed(.serviceRestart), .closed(.tryAgainLater),
            .server(.shuttingDown, isRetryable: false), .server(.io, isRetryable: true),
        ]
        for cause in passing { #expect(RetryRule.isPassing(ClientError(.io, "x", cause: cause))) }
        let final: [ClientError.Cause?] = [
            .closed(.policyViolation), .closed(.messageTooBig), .cancelled, .system(28), nil,
            .server(.streamNotFound, isRetryable: false), .server(.digestMismatch, isRetryable: false),
        ]
        for cause in final { #expect(!RetryRule.isPassing(ClientError(.io, "x", cause: cause))) }
    }

    @Test("a server that has nothing to say is asked once for a sign of life, and then given up")
    func signsOfLife() {
        func verdict(_ change: (inout SignsOfLife) -> Void) -> SignsOfLife.Verdict {
            var signs = SignsOfLife(
                hasProgressed: false,
                hasTaken: false,
                hasHeard: false,
                isPatient: true,
                isListening: true,
                isProbed: false
            )
            change(&signs)
            return signs.verdict
        }
        #expect(verdict { _ in } == .probe)
        #expect(verdict { $0.isProbed = true } == .giveUp)
        #expect(
            verdict {
                $0.isProbed = true; $0.hasHeard = true
            } == .goOn
        )
        #expect(
            verdict {
                $0.isProbed = true; $0.isListening = false
            } == .goOn
        )
        #expect(verdict { $0.isPatient = false } == .giveUp)
        #expect(
            verdict {
                $0.isPatient = false; $0.hasHeard = true
            } == .giveUp
        )
        #expect(
            verdict {
                $0.isPatient = false; $0.hasProgressed = true
            } == .goOn
        )
        #expect(
            verdict {
                $0.isPatient = false; $0.hasTaken = true
            } == .goOn
        )
    }

    @Test("the first START says what the upload is to be, and those after it neither remove nor refuse what is there")
    func starts() {
        var options = UploadOptions()
        options.overwrites = true
        options.metadata = ["a": "b"]
        options.timeToLiveSeconds = 60
        let first = options.start("s", size: 5, acknowledgementInterval: nil, isGoingOn: false)
        #expect(first.overwrite && !first.resume && first.metadata == ["a": "b"] && first.timeToLiveSeconds == 60)
        let second = options.start("s", size: 5, acknowledgementInterval: 9, isGoingOn: true)
        #expect(!second.overwrite && second.resume && second.ackEvery == 9)
        #expect(options.needsOurGateway && !UploadOptions().needsOurGateway)
        var resuming = UploadOptions()
        resuming.resumes = true
        #expect(resuming.start("s", size: nil, acknowledgementInterval: nil, isGoingOn: false).resume)
        let plain = UploadOptions().start("s", size: nil, acknowledgementInterval: nil, isGoingOn: false)
        #expect(plain == ClientMessage.Start(streamID: "s"))
    }
}
