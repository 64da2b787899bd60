import Benchmark
import BenchmarkSupport
import NIOCore
import Wire

/// Control messages, as often as a second allows.
func benchmarkMessages() {
    let count = 10_000
    let id = "stream-01a20ae3-9c30-74a7-92c5-d4e2bd256878"
    let requests = [
        ("GET", #"{"type":"GET","streamId":"\#(id)","offset":1048576,"length":65536}"#),
        ("START", #"{"type":"START","streamId":"\#(id)"}"#),
        (
            "START of the extension",
            #"{"type":"START","streamId":"\#(id)","size":67108864,"contentType":"audio/wav","metadata":{"room":"4"},"requestId":7}"#
        ),
    ]
    for (name, text) in requests {
        let json = ByteBuffer(string: text)
        Benchmark.doing("read \(name)", count: count) {
            for _ in 0..<count { blackHole(try ClientRequest(json: json)) }
        }
    }
    let started = ServerMessage(.started, streamID: id, message: "Stream started successfully")
    Benchmark.doing("write STARTED", count: count) {
        for _ in 0..<count { blackHole(started.json()) }
    }
    let refusal = ServerMessage.error(.streamNotFound, "There is no stream of that name.", requestID: nil)
    Benchmark.doing("write ERROR", count: count) {
        for _ in 0..<count { blackHole(refusal.json()) }
    }
}
