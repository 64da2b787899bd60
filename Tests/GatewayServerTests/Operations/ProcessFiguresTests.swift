import Testing

@testable import GatewayServer

@Suite("What the process uses")
struct ProcessFiguresTests {
    @Test("the line of /proc/self/stat is read behind a name that tries to be fields")
    func stat() {
        let line =
            "4711 (a) R 1 ) 9) S 1 2 3 0 -1 4194560 10 0 0 0 250 150 0 0 20 0 7 0 12300 1048576 256 18446744073709551615\n"
        var figures = ProcessFigures()
        figures.take(stat: line, ticksPerSecond: 100, pageBytes: 4_096, bootSeconds: 1_000_000)
        #expect(figures.processorSeconds == 4)
        #expect(figures.startSeconds == 1_000_123)
        #expect(figures.virtualBytes == 1_048_576)
        #expect(figures.residentBytes == 1_048_576)
    }

    @Test(
        "what is cut short or nonsense tells nothing",
        arguments: ["", "1", "1 (a", "1 (a)", "1 (a) S 1 2", "(((", ")"]
    )
    func nonsense(line: String) {
        var figures = ProcessFigures()
        figures.take(stat: line, ticksPerSecond: 100, pageBytes: 4_096, bootSeconds: 1)
        #expect(figures == ProcessFigures())
    }

    @Test("the time of the start of the machine is found among the others")
    func boot() {
        #expect(ProcessFigures.bootSeconds("cpu 1 2\nbtime 1764000000\nprocesses 5\n") == 1_764_000_000)
        #expect(ProcessFigures.bootSeconds("cpu 1 2\n") == nil)
    }

    @Test("this process has memory, descriptors and a past")
    func current() {
        let figures = ProcessFigures.current()
        #expect(figures.openDescriptors ?? 0 >= 3)
        #expect(figures.maximumDescriptors ?? 0 >= figures.openDescriptors ?? .infinity)
        #expect(figures.processorSeconds ?? 0 > 0)
        #if os(Linux)
        #expect(figures.residentBytes ?? 0 > 1_048_576)
        #expect(figures.virtualBytes ?? 0 >= figures.residentBytes ?? .infinity)
        #expect(figures.startSeconds ?? 0 > 1_600_000_000)
        #endif
    }
}
