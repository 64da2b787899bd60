import AudioClient
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the Autobahn testsuite talks to: an echo server, or a client that echoes.
@main
struct ConformancePeer {
    static func main() async {
        do {
            switch try Arguments(CommandLine.arguments.dropFirst()) {
            case .server(let port):
                try await EchoServer.run(port: port) { bound in self.say("listening on ws://127.0.0.1:\(bound)") }
            case .client(let server):
                try await CaseRunner(server: server, say: self.say).run()
            }
        } catch {
            self.say("conformance-peer: \(error)")
            exit(error is Arguments.Fault ? 64 : 1)
        }
    }

    /// Prints a line at once, also into a pipe.
    private static func say(_ line: String) {
        print(line)
        fflush(nil)
    }
}
