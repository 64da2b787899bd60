/// What the command line asks for.
enum Arguments {
    /// Echo whatever clients send, on a port of 127.0.0.1; 0 for any free one.
    case server(port: Int)
    /// Run all cases of the fuzzing server at a URL without a path.
    case client(server: String)

    /// A command line that asks for neither.
    struct Fault: Error, CustomStringConvertible {
        let description = """
            usage: conformance-peer server --port PORT
                   conformance-peer client --server ws://127.0.0.1:PORT
            """
    }

    init(_ arguments: some Sequence<String>) throws(Fault) {
        let words = Array(arguments)
        guard words.count == 3 else { throw Fault() }
        switch (words[0], words[1]) {
        case ("server", "--port"):
            guard let port = Int(words[2]), (0...65_535).contains(port) else { throw Fault() }
            self = .server(port: port)
        case ("client", "--server"): self = .client(server: words[2])
        default: throw Fault()
        }
    }
}
