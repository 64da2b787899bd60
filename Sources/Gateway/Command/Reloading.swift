import GatewayServer
import Logging
import ServiceLifecycle
import UnixSignals

/// Reads the configuration again at each SIGHUP, and puts it into force as far as that can be done while the gateway runs.
/// What is wrong with it is logged, and then nothing is changed.
struct Reloading: Service {
    let server: GatewayServer
    let logger: Logger
    /// What is in force for good.
    let settings: Settings
    /// How many descriptors the process may have.
    let descriptors: Int
    /// Reads the configuration as at the start.
    let read: @Sendable () throws -> Settings

    func run() async throws {
        await cancelWhenGracefulShutdown {
            for await _ in await UnixSignalsSequence(trapping: .sighup) { self.reload() }
        }
    }

    private func reload() {
        do {
            let settings = try self.read()
            // What is in the file may again be more than there are descriptors for.
            var configuration = settings.gateway
            _ = DescriptorRoom.fit(&configuration, to: self.descriptors)
            let fixed = try self.server.reload(configuration) + self.settings.changedBackendKeys(in: settings)
            self.logger.notice(
                "configuration read again",
                metadata: ["config": "\(settings.file)", "tokens": "\(settings.gateway.access.tokenCount)"]
            )
            guard !fixed.isEmpty else { return }
            self.logger.warning(
                "some of what has changed needs a restart, and is as before until then",
                metadata: ["keys": "\(fixed.joined(separator: ", "))"]
            )
        } catch {
            self.logger.error(
                "configuration refused; the one before stays in force",
                metadata: ["reason": "\(Failure(error).message)"]
            )
        }
    }
}
