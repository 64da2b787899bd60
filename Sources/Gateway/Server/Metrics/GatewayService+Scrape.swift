import CacheProtocol
import Wire

extension GatewayService {
    /// Everything that is measured, now, in Prometheus' text format.
    func scrape() async -> String {
        let health = await self.backend.health()
        return Exposition.text(
            self.metrics.registry.families() + self.own(self.readiness(health)) + self.storage(health)
                + Self.families(of: .current())
        )
    }

    /// What is not counted as it happens but looked up.
    private func own(_ readiness: Readiness) -> [MetricFamily] {
        [
            Self.gauge(.buildInfo, 1, [.init("version", ServerIdentity.version)]),
            Self.gauge(.ready, readiness.isReady ? 1 : 0),
            Self.gauge(.connections, Double(self.load.connections)),
            Self.gauge(.unsentBytes, Double(self.eventLoops.unsentBytes)),
        ]
    }

    /// The backend's own figures. Their names are constant for a backend, by its contract.
    private func storage(_ health: BackendHealth) -> [MetricFamily] {
        let label = MetricFamily.Label("backend", self.configuration.backendType)
        return health.gauges.sorted { $0.key < $1.key }.prefix(MetricRegistry.maximumSeries).map { figure, value in
            let name = MetricFamily.name(MetricCatalogue.storagePrefix + figure)
            return MetricFamily(
                name: name,
                help: MetricCatalogue.description(name).help,
                kind: name.hasSuffix("_total") ? .counter : .gauge,
                samples: [.init(labels: [label], value: Double(value))]
            )
        }
    }

    private static func families(of process: ProcessFigures) -> [MetricFamily] {
        let figures: [(MetricCatalogue.Name, Double?)] = [
            (.processorTime, process.processorSeconds), (.maximumDescriptors, process.maximumDescriptors),
            (.openDescriptors, process.openDescriptors), (.residentMemory, process.residentBytes),
            (.startTime, process.startSeconds), (.virtualMemory, process.virtualBytes),
        ]
        return figures.compactMap { name, value in value.map { Self.gauge(name, $0) } }
    }

    private static func gauge(
        _ name: MetricCatalogue.Name,
        _ value: Double,
        _ labels: [MetricFamily.Label] = []
    ) -> MetricFamily {
        MetricFamily(
            name: name.rawValue,
            help: name.help,
            kind: name.rawValue.hasSuffix("_total") ? .counter : .gauge,
            samples: [.init(labels: labels, value: value)]
        )
    }
}
