// The list of streams, a page at a time, as LIST gives it. The gateway knows prefixes and states; anything else that is
// searched for is looked for here, in pages that are walked through.

/** How many streams a search looks at before it asks whether to go on. */
const patience = 5000;

export class Catalogue {
    pageSize = 25;
    /** What is searched for: `{ text, state }`, both empty for everything. */
    query = { text: '', state: '' };

    #request;
    /** The `after` of each page up to the one that is shown; the first has none. */
    #cursors = [undefined];
    #next;
    #meters = new Map();

    /** @param request sends a message to the gateway and answers with its answer */
    constructor(request) {
        this.#request = request;
    }

    get pageNumber() {
        return this.#cursors.length;
    }

    search(query) {
        this.query = query;
        this.#cursors = [undefined];
        this.#next = undefined;
    }

    turnForward() {
        if (this.#next !== undefined) this.#cursors.push(this.#next);
    }

    turnBack() {
        if (this.#cursors.length > 1) this.#cursors.pop();
    }

    /**
     * Reads the page that is shown, anew.
     *
     * @returns `{ streams, number, hasNext, scanned, isCut }`; `isCut` where the search stopped for its length and can
     * be gone on with by turning the page. Null where another query or page was asked for meanwhile.
     */
    async read(now = () => performance.now()) {
        const { query } = this;
        const number = this.#cursors.length;
        const text = query.text.trim().toLowerCase();
        const found = [];
        let cursor = this.#cursors[number - 1];
        let next;
        let scanned = 0;
        for (;;) {
            const message = { type: 'LIST', limit: text === '' ? this.pageSize : 1000 };
            if (cursor !== undefined) message.after = cursor;
            if (query.state !== '') message.state = query.state;
            const answer = await this.#request(message);
            for (const [index, stream] of answer.streams.entries()) {
                scanned += 1;
                if (!Catalogue.matches(stream, text)) continue;
                found.push(stream);
                if (found.length < this.pageSize) continue;
                const hasMore = index + 1 < answer.streams.length || answer.next !== undefined;
                next = hasMore ? stream.streamId : undefined;
                break;
            }
            cursor = answer.next;
            if (found.length >= this.pageSize || cursor === undefined) break;
            if (scanned >= patience) {
                next = cursor;
                break;
            }
        }
        if (query !== this.query || number !== this.#cursors.length) return null;
        this.#next = next;
        this.#measure(found, now());
        return {
            streams: found, number, hasNext: next !== undefined, scanned,
            isCut: next !== undefined && found.length < this.pageSize,
        };
    }

    /** Bytes a second that a live stream grows by, and how that was: `{ rate, history }`; null where not known yet. */
    growth(streamId) {
        const meter = this.#meters.get(streamId);
        return meter === undefined || meter.history.length === 0 ? null : meter;
    }

    /** Whether a stream is looked for by a text in lower case: by its id, its type, or one of its labels. */
    static matches(stream, text) {
        if (text === '') return true;
        const texts = [stream.streamId, stream.contentType ?? '', ...Object.entries(stream.metadata ?? {}).flat()];
        return texts.some((one) => one.toLowerCase().includes(text));
    }

    #measure(streams, at) {
        const meters = new Map();
        for (const { streamId, state, size } of streams) {
            if (state !== 'live') continue;
            const before = this.#meters.get(streamId);
            if (before === undefined || size < before.size) {
                meters.set(streamId, { size, at, rate: 0, history: [] });
            } else if (at - before.at < 500) {
                meters.set(streamId, before);
            } else {
                const rate = ((size - before.size) * 1000) / (at - before.at);
                meters.set(streamId, { size, at, rate, history: [...before.history, rate].slice(-30) });
            }
        }
        this.#meters = meters;
    }
}
