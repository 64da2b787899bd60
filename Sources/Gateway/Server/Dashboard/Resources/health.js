// How the gateway is, from its /metrics: a few figures with the line of the last minutes each. Where it serves none,
// those that the list of streams tells are shown.

import { get } from './access.js';
import { Sparkline } from './charts.js';
import { byId, element, setText } from './dom.js';
import * as words from './words.js';

const interval = 2000;
/** How many values a line has: two minutes. */
const capacity = 60;

/** Reads Prometheus' text format: a Map of names to `[{ labels, value }]`. */
export function parseMetrics(text) {
    const families = new Map();
    for (const line of text.split('\n')) {
        const match = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line);
        if (match === null) continue;
        const labels = Object.fromEntries(
            [...(match[2] ?? '').matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name, value]) => [name, value]),
        );
        const value = match[3] === '+Inf' ? Infinity : Number(match[3]);
        families.set(match[1], [...(families.get(match[1]) ?? []), { labels, value }]);
    }
    return families;
}

/** The sum of a metric over all its labels, or null where it is not there. */
export function total(families, name) {
    const series = families.get(name);
    return series === undefined ? null : series.reduce((sum, { value }) => sum + value, 0);
}

/** The value under which a share of observations was, between two scrapes of a histogram; null where none was made. */
export function quantile(families, before, name, share) {
    const counts = (scrape) => {
        const sums = new Map();
        for (const { labels, value } of scrape?.get(`${name}_bucket`) ?? []) {
            const bound = labels.le === '+Inf' ? Infinity : Number(labels.le);
            sums.set(bound, (sums.get(bound) ?? 0) + value);
        }
        return sums;
    };
    const earlier = counts(before);
    const buckets = [...counts(families)]
        .map(([bound, value]) => [bound, value - (earlier.get(bound) ?? 0)])
        .sort(([a], [b]) => a - b);
    const all = buckets.at(-1)?.[1] ?? 0;
    if (all <= 0) return null;
    const at = buckets.findIndex(([, value]) => value >= share * all);
    const [upper, within] = buckets[at];
    const [lower, under] = at === 0 ? [0, 0] : buckets[at - 1];
    if (upper === Infinity) return lower;
    return within === under ? upper : lower + ((upper - lower) * (share * all - under)) / (within - under);
}

/** The figures, in their order: `read` makes `{ value, text, detail, ceiling }` of two scrapes, or null. */
const figures = [
    {
        name: 'Connections',
        read: ({ now }) => figure(total(now, 'audiocache_connections'), words.count, (open) => {
            const uploads = total(now, 'audiocache_streams_open') ?? total(now, 'audiocache_storage_streams_written');
            return open === null || uploads === null ? '' : `${words.count(uploads)} uploading`;
        }),
    },
    {
        name: 'In',
        read: (scrapes) => {
            const all = total(scrapes.now, 'audiocache_received_bytes_total');
            const rate = perSecond(scrapes, 'audiocache_received_bytes_total') ?? scrapes.growth;
            return figure(rate, words.bitRate, () => (all === null ? 'of the streams shown' : sinceStart(all)));
        },
    },
    {
        name: 'Out',
        read: (scrapes) => {
            const all = total(scrapes.now, 'audiocache_sent_bytes_total');
            return figure(perSecond(scrapes, 'audiocache_sent_bytes_total'), words.bitRate, () => sinceStart(all));
        },
    },
    {
        name: 'GET, 99 %',
        read: ({ now, before }) => {
            if (!now.has('audiocache_get_duration_seconds_bucket')) return null;
            const seconds = quantile(now, before, 'audiocache_get_duration_seconds', 0.99);
            const median = quantile(now, before, 'audiocache_get_duration_seconds', 0.5);
            return {
                value: seconds,
                text: seconds === null ? '–' : duration(seconds),
                detail: median === null ? 'none just now' : `${duration(median)} median`,
            };
        },
    },
    {
        name: 'Memory',
        read: (scrapes) => figure(total(scrapes.now, 'process_resident_memory_bytes'), words.bytes, () => {
            const processor = perSecond(scrapes, 'process_cpu_seconds_total');
            return processor === null || Number.isNaN(processor) ? '' : `${Math.round(processor * 100)} % of a core`;
        }),
    },
    {
        name: 'Storage',
        read: ({ now }) => {
            const used = total(now, 'audiocache_storage_used_bytes');
            if (used === null) return null;
            const free = total(now, 'audiocache_storage_free_bytes');
            const limit = total(now, 'audiocache_storage_limit_bytes') ?? total(now, 'audiocache_storage_pool_bytes');
            const streams = total(now, 'audiocache_storage_streams');
            const parts = [
                streams === null ? null : `${words.count(streams)} ${streams === 1 ? 'stream' : 'streams'}`,
                limit !== null ? `of ${words.bytes(limit)}` : free !== null ? `${words.bytes(free)} free` : null,
            ];
            const detail = parts.filter(Boolean).join(', ');
            return { value: used, text: words.bytes(used), detail, share: limit ? used / limit : null };
        },
    },
];

export class HealthView {
    /** Bytes a second by which the streams shown grow, for a gateway without metrics. */
    growth = () => null;

    #before = null;
    #tiles = figures.map((one) => new Tile(one));
    #isMissing = false;

    constructor() {
        byId('health-tiles').append(...this.#tiles.map((tile) => tile.node));
    }

    /** Asks for the metrics again, after it was told that there are none for this page. */
    retry() {
        this.#isMissing = false;
    }

    /** Looks every two seconds, as long as the page is seen. */
    async run() {
        for (;;) {
            if (!document.hidden) await this.#look();
            await new Promise((resolve) => setTimeout(resolve, interval));
        }
    }

    async #look() {
        const at = performance.now();
        let now = new Map();
        if (!this.#isMissing) {
            try {
                const response = await get('/metrics');
                this.#isMissing = [401, 403, 404].includes(response.status);
                if (response.ok) now = parseMetrics(await response.text());
            } catch {
                this.#before = null;
                return;
            }
        }
        const before = this.#before;
        const seconds = before === null ? 0 : (at - before.at) / 1000;
        const scrapes = { now, before: before?.now ?? null, seconds, growth: this.growth() };
        this.#before = { now, at };
        for (const tile of this.#tiles) tile.show(scrapes);
        byId('health').dataset.bare = String(now.size === 0);
        await this.#showReadiness(now);
    }

    async #showReadiness(now) {
        const ready = total(now, 'audiocache_ready');
        const node = byId('readiness');
        node.hidden = ready !== 0;
        if (ready !== 0) return;
        try {
            const { reasons } = await (await get('/readyz')).json();
            setText(node, `Not ready: ${reasons.join(', ').replaceAll('_', ' ')}`);
        } catch {
            setText(node, 'Not ready');
        }
    }
}

class Tile {
    #figure;
    #values = [];
    #line = new Sparkline(capacity);
    #text = element('dd', { class: 'tile-value' });
    #detail = element('dd', { class: 'tile-detail' });
    #meter = element('progress', { class: 'tile-meter', max: 1, hidden: true, 'aria-label': 'Storage used' });

    constructor(one) {
        this.#figure = one;
        const chart = element('dd', { class: 'tile-chart', 'aria-hidden': 'true' }, this.#line.node, this.#meter);
        const name = element('dt', {}, one.name);
        this.node = element('div', { class: 'tile', hidden: true }, name, this.#text, this.#detail, chart);
    }

    show(scrapes) {
        const read = this.#figure.read(scrapes);
        this.node.hidden = read === null;
        if (read === null) return;
        this.#values = [...this.#values, Number.isNaN(read.value) ? null : read.value].slice(-capacity);
        setText(this.#text, read.text);
        setText(this.#detail, read.detail);
        const hasShare = read.share !== undefined && read.share !== null;
        this.#meter.hidden = !hasShare;
        this.#line.node.classList.toggle('is-hidden', hasShare);
        if (hasShare) this.#meter.value = read.share;
        else this.#line.draw(this.#values);
    }
}

function figure(value, write, detail) {
    if (value === null || value === undefined) return null;
    return { value, text: Number.isNaN(value) ? '–' : write(value), detail: detail(value) };
}

/** How much a counter grows in a second: null where there is none, NaN where that takes one more scrape to know. */
function perSecond({ now, before, seconds }, name) {
    const [later, earlier] = [total(now, name), before === null ? null : total(before, name)];
    if (later === null) return null;
    return earlier === null || later < earlier || seconds <= 0 ? NaN : (later - earlier) / seconds;
}

function sinceStart(count) {
    return `${words.bytes(count)} since start`;
}

function duration(seconds) {
    if (seconds < 0.001) return `${Math.round(seconds * 1e6)} µs`;
    return seconds < 1 ? `${(seconds * 1000).toPrecision(2)} ms` : `${seconds.toPrecision(2)} s`;
}
