import Benchmark
import BenchmarkSupport

let benchmarks: @Sendable () -> Void = {
    for kind in BackendKind.allCases {
        benchmarkTransfers(kind)
        benchmarkLife(kind)
        benchmarkEviction(kind)
    }
    benchmarkLargeIndex()
}
