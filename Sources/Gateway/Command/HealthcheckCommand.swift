import ArgumentParser
import CacheProtocol
import NIOCore

/// Asks a running gateway whether it is ready: for containers and scripts that have no other HTTP client.
struct HealthcheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "healthcheck",
        abstract: "Asks a running gateway whether it is ready.",
        discussion: """
            Without --url it asks /readyz at the address of the configuration that the other options name, as `gateway` \
            with the same options would listen there.

            Exit status: 0 ready; 1 not ready, or nobody answers, with the reason on standard error; 64 wrong usage; \
            78 the configuration is wrong.
            """
    )

    @OptionGroup var source: ConfigurationSource
    @OptionGroup var overrides: Overrides

    @Option(help: ArgumentHelp("Where to ask; https too.", valueName: "http://host:port/path"))
    var url: String?

    @Option(
        help: ArgumentHelp(
            "Whom to trust where --url is https, in place of the system's authorities: certificates in PEM.",
            valueName: "file"
        )
    )
    var caFile: String?

    @Option(help: "How long to wait for the answer, in seconds.")
    var timeout: Int64 = 5

    func validate() throws {
        guard (1...3_600).contains(self.timeout) else {
            throw ValidationError("--timeout is to be from 1 to 3600 seconds.")
        }
        if let url = self.url, HealthQuestion(url: url) == nil {
            throw ValidationError("--url is to be such as http://127.0.0.1:8080/readyz.")
        }
        if self.caFile != nil, self.url?.lowercased().hasPrefix("https://") != true {
            throw ValidationError("--ca-file is for an https --url; by a configuration, any certificate is taken.")
        }
    }

    func run() async throws {
        let question: HealthQuestion
        do {
            question = try self.question()
        } catch let error as ValidationError {
            throw error
        } catch {
            let failure = Failure(error)
            ProcessSetup.complain("gateway healthcheck: \(failure.message)")
            throw ExitCode(failure.status)
        }
        do {
            let answer = try await question.ask(timeout: .seconds(self.timeout))
            guard answer.status == 200 else {
                let body = answer.body.split(separator: "\n").joined(separator: " ")
                ProcessSetup.complain("gateway healthcheck: \(question.url) answers \(answer.status): \(body)")
                throw ExitCode(1)
            }
            print(answer.body, terminator: answer.body.hasSuffix("\n") ? "" : "\n")
        } catch let exit as ExitCode {
            throw exit
        } catch {
            ProcessSetup.complain("gateway healthcheck: no answer from \(question.url): \(error)")
            throw ExitCode(1)
        }
    }

    private func question() throws -> HealthQuestion {
        if let url = self.url, var question = HealthQuestion(url: url) {
            guard let file = self.caFile else { return question }
            guard HealthQuestion.hasCertificates(file) else {
                throw ConfigError(
                    file: "--ca-file",
                    keyPath: file,
                    found: "no certificates that can be read",
                    accepted: "a file in PEM with the certificates of those that you trust"
                )
            }
            question.trust = .authorities(file)
            return question
        }
        let gateway = try Settings(file: self.source.config, overrides: self.overrides).gateway
        guard gateway.port != 0 else {
            throw ValidationError("The configuration leaves the port open: say --url.")
        }
        return HealthQuestion(gateway)
    }
}
