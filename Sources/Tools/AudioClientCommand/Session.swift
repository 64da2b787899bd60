import ArgumentParser
import AudioClient
import CacheProtocol
import Interruption

/// One run of a command that talks to a server: who is talked to, and how failures end the process.
struct Session: Sendable {
    let options: ServerOptions
    let console: Console

    init(_ options: ServerOptions) {
        self.options = options
        self.console = Console(options.output)
    }

    /// A client of the server that was given, or of the one at the default address.
    ///
    /// - Parameter fallback: Used instead where none was given and nobody listens at the default address.
    func withClient<Value: Sendable>(
        orElse fallback: (@Sendable (_ body: @Sendable (ServerURL) async throws -> Value) async throws -> Value)? = nil,
        _ body: @escaping @Sendable (WebSocketClient, _ isEmbedded: Bool) async throws -> Value
    ) async throws -> Value {
        if let given = try self.options.givenURL() { return try await body(try self.client(given), false) }
        let usual = try ServerURL(ClientConfiguration.defaultURL)
        let client = try self.client(usual)
        do throws(ClientError) {
            let probe = try await client.connectOnce()
            await probe.close()
        } catch {
            guard error.cause == .refused, let fallback else { throw error }
            self.console.notice("Nobody listens at \(usual): starting a gateway of my own, over a temporary directory.")
            return try await fallback { url in try await body(try self.client(url), true) }
        }
        return try await body(client, false)
    }

    private func client(_ url: ServerURL) throws(ClientError) -> WebSocketClient {
        try WebSocketClient(
            server: url,
            configuration: try self.options.clientConfiguration(),
            logger: ClientLog.standardError(level: self.options.logLevel.level),
            observer: { [console] event in console.observe(event) }
        )
    }
}

extension Console {
    /// Runs a command's work. A failure is told, and becomes the process's exit code; an interrupt cancels the work,
    /// so that it leaves nothing half-done behind, or says what it does leave.
    func run(_ work: @escaping @Sendable () async throws -> Void) async throws {
        do {
            try await Interruption.cancelling(work)
        } catch let error as ExitCode {
            throw error
        } catch let interruption as Interruption {
            // What there is to do about it is said also to who wants to hear nothing but the result.
            if let left = interruption.failure as? ClientError, left.cause == .cancelled, !left.remedy.isEmpty {
                self.failure(left, isLast: false)
            } else {
                self.notice("Interrupted.")
            }
            throw ExitCode(Interruption.exitStatus)
        } catch let error as CacheError {
            self.failure(ClientError(.usage, error.message))
            throw ExitCode(ClientError.Code.usage.rawValue)
        } catch {
            let error = ErrorHandler.clientError(error, while: "working")
            self.failure(error)
            throw ExitCode(error.code.rawValue)
        }
    }
}
