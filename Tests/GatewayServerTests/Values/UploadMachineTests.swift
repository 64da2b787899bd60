import CacheProtocol
import TestSupport
import Testing
import Wire

@testable import GatewayServer

@Suite("The upload machine")
struct UploadMachineTests {
    /// How each state is reached, for a stream `a`.
    enum Situation: String, CaseIterable {
        case idle, complained, opening, writing, pausing, ending, failed, closed

        var way: [UploadEvent] {
            switch self {
            case .idle: []
            case .complained: [.bytes]
            case .opening: [.start]
            case .writing: [.start, .opened]
            case .pausing: [.start, .opened, .bytesAndPause]
            case .ending: [.start, .opened, .end]
            case .failed: [.start, .opened, .bytesRefused]
            case .closed: [.connectionClosed]
            }
        }

        /// For each event: what the machine answers, and what it is uploading afterwards.
        var expectations: [UploadEvent: (answer: String, state: String)] {
            // Where nothing is open, most events mean nothing.
            var table: [UploadEvent: (answer: String, state: String)] = [
                .opened: ("nothing", "-"), .openingFailed: ("nothing", "-"),
                .bytes: ("proceed", "-"), .bytesAndPause: ("proceed", "-"), .bytesRefused: ("proceed", "-"),
                .ready: ("proceed", "-"), .readinessFailed: ("proceed", "-"),
                .dry: ("nothing", "-"), .ended: ("nothing", "-"), .connectionClosed: ("nothing", "-"),
            ]
            for event in [UploadEvent.end, .endByName, .endByOtherName] {
                table[event] = ("reject no_open_stream", "-")
            }
            switch self {
            case .idle, .complained, .failed:
                table[.start] = ("open", "b!")
                table[.startRefused] = ("reject stream_exists", "-")
                if self == .idle {
                    for event in [UploadEvent.bytes, .bytesAndPause, .bytesRefused] {
                        table[event] = ("reject no_open_stream", "-")
                    }
                }
                if self == .failed {
                    // What made it fail is told once more, to the one who asks for the end.
                    table[.end] = ("reject storage_full", "-")
                    table[.endByName] = ("reject storage_full", "-")
                }
                return table
            case .closed:
                table[.start] = ("reject no_open_stream", "-")
                table[.startRefused] = ("reject no_open_stream", "-")
                return table
            case .opening, .writing, .pausing, .ending: break
            }
            let state = self == .writing ? "a" : "a!"
            for event in UploadEvent.allCases where table[event] == nil { table[event] = ("", state) }
            for (event, expectation) in table { table[event] = (expectation.answer, state) }
            table[.start] = ("reject stream_busy", state)
            table[.startRefused] = ("reject stream_busy", state)
            table[.connectionClosed] = ("suspends a", "-")
            switch self {
            case .opening:
                table[.opened] = ("started a at 7", "a")
                table[.openingFailed] = ("reject io", "-")
            case .writing:
                table[.bytesAndPause] = ("pause", "a!")
                table[.bytesRefused] = ("reject storage_full", "-")
                table[.end] = ("end a", "a!")
                table[.endByName] = ("end a", "a!")
            case .pausing:
                table[.ready] = ("proceed", "a")
                table[.readinessFailed] = ("reject io", "-")
            default:
                table[.ended] = ("nothing", "-")
                // Its writer was given away: the stream is being sealed or removed, not suspended.
                table[.connectionClosed] = ("nothing", "-")
            }
            return table
        }
    }

    @Test("every event in every state has its answer", arguments: Situation.allCases, UploadEvent.allCases)
    func table(situation: Situation, event: UploadEvent) throws {
        var rig = UploadRig()
        for step in situation.way { _ = rig.tell(step, stream: "a") }
        let expected = try #require(situation.expectations[event])
        let answer = rig.tell(event)
        #expect(answer == expected.answer, "\(event) while \(situation)")
        let state = rig.state
        #expect(state == expected.state, "after \(event) while \(situation)")
        let alive = rig.ledger.entries.alive
        #expect(alive == (state == "-" || answer.hasPrefix("end") || situation == .ending ? 0 : 1))
    }

    @Test("bytes reach the writer only while the stream is open and no pause was asked for")
    func appending() {
        for situation in Situation.allCases {
            var rig = UploadRig()
            for step in situation.way { _ = rig.tell(step, stream: "a") }
            let before = rig.ledger.entries.appended
            _ = rig.tell(.bytes)
            _ = rig.tell(.dry)
            let entries = rig.ledger.entries
            #expect(entries.appended - before == (situation == .writing ? 1 : 0), "\(situation)")
            #expect(entries.flushed == (situation == .writing ? 1 : 0), "\(situation)")
        }
    }

    @Test("a dropped machine drops its writer, which suspends the stream")
    func dropping() {
        for way in [[UploadEvent.start], [.start, .opened], [.start, .opened, .bytesAndPause]] {
            let ledger: WriterLedger
            do {
                var rig = UploadRig()
                for step in way { _ = rig.tell(step) }
                ledger = rig.ledger
                #expect(ledger.entries.alive == 1)
            }
            #expect(ledger.entries.dropped == 1 && ledger.entries.ended == 0)
        }
    }

    @Test("a failed upload lets go of its writer at once, and drops what still comes in silence")
    func failing() {
        var rig = UploadRig()
        for step in [UploadEvent.start, .opened] { _ = rig.tell(step) }
        let answers = [rig.tell(.bytesRefused), rig.tell(.bytes), rig.tell(.bytes)]
        #expect(answers == ["reject storage_full", "proceed", "proceed"])
        let entries = rig.ledger.entries
        #expect(entries.dropped == 1 && entries.appended == 0)
    }

    @Test("a peer that sends bytes without a stream is told once, and again after its next upload")
    func complaint() {
        var rig = UploadRig()
        var answers = [rig.tell(.bytes), rig.tell(.bytes), rig.tell(.bytes)]
        #expect(answers == ["reject no_open_stream", "proceed", "proceed"])
        for step in [UploadEvent.start, .opened, .end, .ended] { _ = rig.tell(step) }
        answers = [rig.tell(.bytes), rig.tell(.bytes)]
        #expect(answers == ["reject no_open_stream", "proceed"])
    }

    @Test("whatever happens, in whatever order, each writer ends once, and there is one at most")
    func anyOrder() throws {
        try checkProperty(runs: 300) { random in
            let ledger: WriterLedger
            var started = 0
            do {
                var rig = UploadRig()
                ledger = rig.ledger
                var isGivenAway = false
                for _ in 0..<Int.random(in: 1...60, using: &random) {
                    // The connection's end is the end: rarely, so that there is something before it.
                    let events = UploadEvent.allCases.filter {
                        $0 != .connectionClosed || Int.random(in: 0..<20, using: &random) == 0
                    }
                    let event = try #require(events.randomElement(using: &random))
                    let before = rig.state
                    let answer = rig.tell(event)
                    let state = rig.state
                    if answer == "open" { started += 1 }
                    if answer.hasPrefix("end ") { isGivenAway = true }
                    if state == "-" || state == "b" { isGivenAway = false }
                    let entries = ledger.entries
                    try #require(entries.made == started, "a writer was made and not kept")
                    try #require(
                        entries.alive == (state == "-" || isGivenAway ? 0 : 1),
                        "\(event): \(before), \(state)"
                    )
                    try #require(!state.hasPrefix("-!"), "blocked for nothing")
                    if answer == "pause" || answer == "open" { try #require(state == "b!") }
                    if answer.hasPrefix("started") { try #require(before == "b!" && state == "b") }
                }
            }
            let entries = ledger.entries
            try #require(entries.alive == 0)
            try #require(entries.dropped + entries.ended == started)
        }
    }
}
