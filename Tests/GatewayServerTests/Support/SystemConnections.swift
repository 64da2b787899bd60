import Foundation

/// The system's table of TCP connections (proc_pid_net(5)); empty where there is none.
enum SystemConnections {
    /// Whether the table has a connection over IPv4 from one port to another, in any state.
    static func contains(from local: Int, to remote: Int) throws -> Bool {
        guard let table = try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8) else { return false }
        return table.split(separator: "\n").dropFirst().contains { line in
            let words = line.split(separator: " ")
            return words.count > 2 && Self.port(words[1]) == local && Self.port(words[2]) == remote
        }
    }

    private static func port(_ address: Substring) -> Int? {
        address.split(separator: ":").last.flatMap { Int($0, radix: 16) }
    }
}
