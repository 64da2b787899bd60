import CacheProtocol
import DictionaryBackend
import Foundation
import GatewayServer
import Logging
import ServiceLifecycle

// A gateway with a backend that this repository knows nothing of: `dictionary-gateway config.json`.
let path = CommandLine.arguments.dropFirst().first ?? "config.json"

var registry = BackendRegistry()
registry.register(DictionaryBackend.type) { section in
    let configuration = try DictionaryConfiguration(from: &section)
    return { DictionaryBackend(configuration) }
}

let text = try Data(contentsOf: URL(filePath: path))
var section = ConfigSection(try ConfigFile.parse(Array(text), file: path), file: path)
var configuration = try GatewayConfiguration(from: &section)
let plan = try section.section("backend") { try registry.plan(from: &$0) }
try section.finish()
configuration.backendType = plan.type

let logger = Logger(label: "gateway") { StreamLogHandler.standardError(label: $0) }
let url = (host: configuration.host, path: configuration.path)
let server = GatewayServer(configuration: configuration, backend: try await plan.make(), logger: logger) { port in
    logger.notice("listening", metadata: ["url": "ws://\(url.host):\(port)\(url.path)"])
}
try await ServiceGroup(services: [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger).run()
