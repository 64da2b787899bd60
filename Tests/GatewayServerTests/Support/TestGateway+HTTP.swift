extension TestGateway {
    /// Asks for a path over plain HTTP, on a connection of its own.
    func http(_ path: String) async throws -> (head: RawPeer.Head, body: String) {
        let peer = try await self.connect()
        peer.send("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        let response = try await peer.response()
        await peer.drop()
        return response
    }

    /// What the gateway measures.
    func scrape() async throws -> Scraped {
        let (head, body) = try await self.http("/metrics")
        guard head.status == 200 else { throw RawPeer.Surprise("status \(head.status): \(body)") }
        return try Scraped(body)
    }

    /// Scrapes until something is so. What is counted after an answer was handed to the socket may be seen before it is.
    func scraped(_ what: String, _ isSo: (Scraped) -> Bool) async throws -> Scraped {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            let scraped = try await self.scrape()
            if isSo(scraped) { return scraped }
        }
        throw RawPeer.Surprise("it never came to \(what)")
    }
}
