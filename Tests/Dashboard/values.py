"""The parts of the page that are values: told bytes and numbers, asked what they are."""

from browser import Failure

# Each is an async function body that is given `load(name)`, a module of the page, and answers with what is wrong.
PROMISES = {
    "SHA-256 is what the browser's own is, for every length around a block and for any cuts": """
        const { SHA256 } = await load('sha256');
        const hex = async (bytes) => Array.from(
            new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), (byte) => byte.toString(16).padStart(2, '0'),
        ).join('');
        for (const length of [...Array(200).keys(), 1_000_003]) {
            const bytes = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 255);
            for (const cut of [1, 63, 64, 65, 1 << 20]) {
                if (cut === 1 && length > 1000) continue;
                const digest = new SHA256();
                for (let at = 0; at < length; at += cut) digest.update(bytes.subarray(at, at + cut));
                if (digest.hex() !== await hex(bytes)) return `length ${length} in pieces of ${cut}`;
            }
        }
    """,
    "audio is known by its first bytes, and never becomes a type that is a page": """
        const { identify } = await load('formats');
        const ascii = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
        const cases = [
            [ascii('ID3\\x04\\0\\0'), undefined, 'mp3'], [Uint8Array.of(0xff, 0xf3, 0x48, 0xc4), 'text/html', 'mp3'],
            [ascii('OggS' + '\\0'.repeat(24) + 'OpusHead'), undefined, 'ogg'], [ascii('fLaC'), undefined, 'flac'],
            [ascii('\\x1aE\\xdf\\xa3'), 'audio/webm;codecs=opus', 'webm'], [ascii('\\0\\0\\0\\x20ftypM4A '), undefined, 'mp4'],
            [ascii('<script>'), 'text/html', 'unknown'], [ascii('<svg onload=1>'), 'image/svg+xml', 'unknown'],
            [new Uint8Array(0), undefined, 'unknown'], [ascii('RIFF'), undefined, 'unknown'],
            [ascii('RIFF....WAVE'), undefined, 'wav'], [ascii('xxxx'), 'audio/L16; rate=8000; channels=2', 'pcm'],
            [ascii('xxxx'), 'audio/L16', 'unknown'], [ascii('xxxx'), 'audio/pcm; rate=1e99', 'unknown'],
            [ascii('xxxx'), 'audio/pcm; rate=8000; channels=0', 'unknown'],
        ];
        for (const [head, declared, kind] of cases) {
            const found = identify(head, declared);
            if (found.kind !== kind) return `${JSON.stringify([...head])} ${declared}: ${found.kind}, not ${kind}`;
            if (!/^(audio\\/[a-z0-9]+(; codecs=[A-Za-z0-9.]+)?|application\\/octet-stream)$/.test(found.mime)) return found.mime;
        }
    """,
    "samples of every width are the same sound, little-endian or big": """
        const { samples } = await load('formats');
        const formats = { s16: 2, s24: 3, s32: 4 };
        for (const [sample, bytes] of Object.entries(formats)) {
            for (const isBigEndian of [false, true]) {
                const wanted = [0, 0.5, -0.5, -1, 0.25];
                const data = new Uint8Array(wanted.length * bytes);
                wanted.forEach((value, i) => {
                    let code = Math.round(value * 2 ** (bytes * 8 - 1));
                    if (code < 0) code += 2 ** (bytes * 8);
                    for (let k = 0; k < bytes; k += 1) {
                        data[i * bytes + (isBigEndian ? bytes - 1 - k : k)] = Math.floor(code / 256 ** k) % 256;
                    }
                });
                const [found] = samples(data, { sample, bytes, channels: 1, block: bytes, isBigEndian });
                if (found.some((value, i) => Math.abs(value - wanted[i]) > 1e-4)) return `${sample} ${isBigEndian}: ${found}`;
            }
        }
        // G.711: silence, and the loudest codes of both signs.
        const one = (sample, code) => samples(Uint8Array.of(code), { sample, bytes: 1, channels: 1, block: 1 })[0][0];
        if (one('ulaw', 0xff) !== 0 || Math.abs(one('ulaw', 0x80) - 32124 / 32768) > 1e-6 || one('ulaw', 0) !== -one('ulaw', 0x80)) return 'µ-law';
        if (Math.abs(one('alaw', 0xaa) - 32256 / 32768) > 1e-6 || one('alaw', 0x2a) !== -one('alaw', 0xaa) || one('alaw', 0xd5) !== 8 / 32768) return 'A-law';
    """,
    "Ogg is cut into its pages wherever the bytes were cut": """
        const { oggPages, joined } = await load('formats');
        const page = (granule, body) => {
            const bytes = new Uint8Array(28 + body);
            bytes.set([0x4f, 0x67, 0x67, 0x53]);
            new DataView(bytes.buffer).setBigInt64(6, BigInt(granule), true);
            bytes[26] = 1;
            bytes[27] = body;
            return bytes;
        };
        const whole = joined([page(0, 19), page(0, 200), page(960, 3), page(-1, 255), page(1920, 0)]);
        for (let cut = 1; cut < whole.length; cut += 1) {
            const pages = [];
            let rest = new Uint8Array(0);
            for (let at = 0; at < whole.length; at += cut) {
                const found = oggPages(joined([rest, whole.subarray(at, at + cut)]));
                pages.push(...found.pages);
                rest = found.rest;
            }
            const granules = pages.map(({ granule }) => granule).join();
            if (granules !== '0,0,960,-1,1920' || rest.length > 3) return `cut ${cut}: ${granules}, ${rest.length} left`;
        }
    """,
    "peaks are the lowest and highest samples of their stretch": """
        const { peaksOf } = await load('peaks');
        const { low, high } = peaksOf([Float32Array.of(0, 0.5, -0.25, 1), Float32Array.of(0, 0, -0.75, 0)], 2);
        if (low[0] !== 0 || high[0] !== 0.5 || low[1] !== -0.75 || high[1] !== 1) return `${low} ${high}`;
        if (peaksOf([new Float32Array(0)], 3).high.some((value) => value !== 0)) return 'nothing is not silent';
        if (peaksOf([Float32Array.of(1)], 4).high.some((value) => value !== 1)) return 'one sample for all';
    """,
    "metrics are read with their labels, and a share of a histogram is found between two scrapes": """
        const { parseMetrics, total, quantile } = await load('health');
        const scrape = (a, b, c) => parseMetrics(
            `# HELP x y\\nx_total{code="a b",op="\\\\"q"} 3\\nx_total{code="c"} 4\\nempty{} 1\\n`
            + `d_bucket{le="0.1"} ${a}\\nd_bucket{le="0.2"} ${b}\\nd_bucket{le="+Inf"} ${c}\\n`,
        );
        if (total(scrape(0, 0, 0), 'x_total') !== 7 || total(scrape(0, 0, 0), 'nothing') !== null) return 'totals';
        if (quantile(scrape(10, 10, 10), scrape(10, 10, 10), 'd', 0.5) !== null) return 'nothing observed';
        const half = quantile(scrape(10, 30, 30), scrape(10, 10, 10), 'd', 0.5);
        if (Math.abs(half - 0.15) > 1e-9) return `half: ${half}`;
        if (quantile(scrape(0, 0, 5), scrape(0, 0, 0), 'd', 0.99) !== 0.2) return 'beyond the last bound';
    """,
    "a search walks through pages that the gateway cuts, and turns them": """
        const { Catalogue } = await load('catalogue');
        const all = Array.from({ length: 2500 }, (_, i) => ({ streamId: `s-${String(i).padStart(4, '0')}`, state: 'sealed', size: i }));
        all[7].metadata = { caller: 'Ada' };
        const asked = [];
        const catalogue = new Catalogue(async ({ after, limit }) => {
            asked.push(after);
            const from = after === undefined ? 0 : all.findIndex(({ streamId }) => streamId === after) + 1;
            const streams = all.slice(from, from + limit);
            return { streams, ...(from + limit < all.length ? { next: streams.at(-1).streamId } : {}) };
        });
        const ids = (page) => page.streams.map(({ streamId }) => streamId);
        let page = await catalogue.read();
        if (ids(page).length !== 25 || !page.hasNext) return 'the first page';
        catalogue.turnForward();
        page = await catalogue.read();
        if (ids(page)[0] !== 's-0025' || page.number !== 2) return `the second page: ${ids(page)[0]}`;
        catalogue.search({ text: 'ADA', state: '' });
        if (ids(await catalogue.read()).join() !== 's-0007') return 'a label';
        catalogue.search({ text: '99', state: '' });
        const found = [];
        for (page = await catalogue.read(); ; page = await catalogue.read()) {
            found.push(...ids(page));
            if (!page.hasNext) break;
            catalogue.turnForward();
        }
        const wanted = all.map(({ streamId }) => streamId).filter((id) => id.includes('99'));
        if (found.join() !== wanted.join()) return `${found.length} found, not ${wanted.length}`;
        const late = catalogue.read();
        catalogue.search({ text: '', state: '' });
        if (await late !== null) return 'an answer to an old question was taken';
    """,
    "a file's name becomes an id of the protocol's grammar": """
        const { idFrom } = await load('upload');
        const names = ['hello.mp3', '../../etc/passwd', '.hidden', 'Grüße & mehr.wav', '日本語', '', 'a..b', 'x'.repeat(300), '-f.wav'];
        for (const name of names) {
            const id = idFrom(name);
            if (!/^[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}$/.test(id) || id.includes('..')) return `${name}: ${id}`;
        }
        if (idFrom('hello.mp3') !== 'hello.mp3') return 'a fine name was changed';
    """,
    "a recording goes on where a power cut has left it, though the gateway had said that it had more": """
        const { Upload } = await load('upload');
        const { RecordingSource } = await load('sources');
        const source = new RecordingSource();
        const part = (value) => new Uint8Array(100).fill(value);
        for (const value of [1, 2, 3]) source.push(new Blob([part(value)]));
        let stored = [];
        const starts = [];
        // Takes all, is cut off when a third of it is safe, and goes on with that.
        class Gateway {
            static OPEN = 1;
            readyState = 0;
            bufferedAmount = 0;
            constructor() {
                setTimeout(() => {
                    this.readyState = 1;
                    this.onopen();
                });
            }
            send(data) {
                if (typeof data !== 'string') {
                    stored.push(...data);
                    if (starts.length === 1) this.cut();
                    return;
                }
                const message = JSON.parse(data);
                if (message.type === 'START') starts.push(message);
                if (starts.length === 2) source.finish();
                this.say({ type: 'ANSWER', offset: stored.length, size: stored.length, requestId: message.requestId });
            }
            say(message) {
                setTimeout(() => this.onmessage({ data: JSON.stringify(message) }));
            }
            cut() {
                this.say({ type: 'ACK', offset: 300, durableOffset: 100 });
                setTimeout(() => {
                    stored = stored.slice(0, 100);
                    this.close();
                    // The microphone knows nothing of that.
                    source.push(new Blob([part(4)]));
                });
            }
            close() {
                if (this.readyState === 3) return;
                this.readyState = 3;
                setTimeout(() => this.onclose());
            }
        }
        const { WebSocket } = globalThis;
        const upload = new Upload('cut', source, {});
        try {
            globalThis.WebSocket = Gateway;
            await upload.run();
        } finally {
            globalThis.WebSocket = WebSocket;
        }
        if (upload.state !== 'sealed') return `${upload.state}: ${upload.note}`;
        if (starts.length !== 2 || starts[1].resume !== true) return JSON.stringify(starts);
        if (stored.join() !== [1, 2, 3, 4].flatMap((value) => [...part(value)]).join()) return `stored: ${stored}`;
    """,
    "numbers and times are written for people": """
        const words = await load('words');
        const cases = [
            [words.bytes(1), '1 byte'], [words.bytes(999), '999 bytes'], [words.bytes(92124), '92.1 kB'],
            [words.bytes(999_999), '1 MB'], [words.bitRate(32000), '256 kbit/s'], [words.clock(3723), '1:02:03'],
            [words.clock(65), '1:05'], [words.clock(NaN), '–:––'], [words.relative(0, 65_000), '1 min ago'],
            [words.relative(7_200_000, 0), 'in 2 h'],
        ];
        for (const [found, wanted] of cases) if (found.replaceAll('\u00a0', ' ') !== wanted) return `${found}, not ${wanted}`;
    """,
}


def check(page):
    """Checks them all in a page."""
    for promise, body in PROMISES.items():
        wrong = page.evaluate(f"(async () => {{ const load = (name) => import(`/dashboard/${{name}}.js`); {body} }})()")
        if wrong is not None:
            raise Failure(f"{promise}: {wrong}")
    return f"{len(PROMISES)} promises of its modules"
