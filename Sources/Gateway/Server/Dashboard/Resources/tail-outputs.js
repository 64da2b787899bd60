// What makes sound of a stream that comes piece by piece. Each of them is told where to begin (`start`), takes bytes
// (`take`), plays what it still has when nothing more comes (`finish`), and falls silent (`stop`).

import { joined, oggPages, samples } from './formats.js';
import { decode } from './peaks.js';

/**
 * How many bytes before the end listening begins. Browsers begin a new WebM cluster only every half a minute, and
 * nothing can be heard that came before the first one.
 */
const leadIn = { mp3: 16 * 1024, webm: 640 * 1024 };
/** With more sound ahead than this, in seconds, the writer is faster than the sound: go to the end. */
const mostAhead = 8;
/** On an iPhone there is only the one that asks for less. */
const Source = globalThis.MediaSource ?? globalThis.ManagedMediaSource;

/** Plays buffers one after the other, without a gap, a little behind the first of them. */
class Schedule {
    #context;
    #target;
    #time = 0;
    #playing = new Set();

    constructor(context, target) {
        this.#context = context;
        this.#target = target;
    }

    get ahead() {
        return Math.max(0, this.#time - this.#context.currentTime);
    }

    /** @param channels one Float32Array a channel */
    play(channels, rate) {
        if (channels[0].length === 0) return;
        // The writer is faster than the sound: what waits is left out.
        if (this.ahead > mostAhead) this.clear();
        const buffer = this.#context.createBuffer(channels.length, channels[0].length, rate);
        channels.forEach((channel, index) => buffer.copyToChannel(channel, index));
        const node = new AudioBufferSourceNode(this.#context, { buffer });
        node.connect(this.#target);
        node.onended = () => this.#playing.delete(node);
        this.#playing.add(node);
        // After a gap, some sound is gathered before it goes on.
        if (this.#time < this.#context.currentTime + 0.02) this.#time = this.#context.currentTime + 0.25;
        node.start(this.#time);
        this.#time += buffer.duration;
    }

    clear() {
        for (const node of this.#playing) node.stop();
        this.#playing.clear();
        this.#time = 0;
    }

    /** Resolves when everything was heard. */
    heard() {
        return new Promise((resolve) => setTimeout(resolve, this.ahead * 1000));
    }
}

export class PCMOutput {
    #schedule;
    #format;
    #rest = new Uint8Array(0);

    constructor(context, target, format) {
        this.#schedule = new Schedule(context, target);
        this.#format = format;
    }

    get ahead() {
        return this.#schedule.ahead;
    }

    /** A second before the end, at a whole block. */
    start(size) {
        const { start, block, rate } = this.#format;
        const blocks = Math.max(0, Math.floor((size - start) / block) - rate);
        return start + blocks * block;
    }

    async take(bytes) {
        const whole = joined([this.#rest, bytes]);
        const { block, rate } = this.#format;
        const length = whole.length - (whole.length % block);
        this.#rest = whole.slice(length);
        this.#schedule.play(samples(whole.subarray(0, length), this.#format), rate);
    }

    finish() {
        return this.#schedule.heard();
    }

    stop() {
        this.#schedule.clear();
    }
}

/**
 * Decodes a second or so of pages at a time, behind the stream's header. The page before them is decoded too and cut
 * away: by it the decoder finds its way in.
 */
export class OggOutput {
    #schedule;
    #header;
    #rate;
    #rest = new Uint8Array(0);
    #pages = [];
    #work = Promise.resolve();

    constructor(context, target, header, rate) {
        this.#schedule = new Schedule(context, target);
        this.#header = header;
        this.#rate = rate;
    }

    get ahead() {
        return this.#schedule.ahead;
    }

    start(size) {
        // A page may have 64 kB, so that two of them must be in it to be sure of one.
        return Math.max(this.#header.length, size - 2 * 65536);
    }

    take(bytes) {
        this.#work = this.#work.then(() => this.#decode(bytes, 1));
        return this.#work;
    }

    async finish() {
        await this.#work;
        await this.#decode(new Uint8Array(0), 0);
        await this.#schedule.heard();
    }

    stop() {
        this.#schedule.clear();
    }

    /** @param least how many seconds are worth decoding */
    async #decode(bytes, least) {
        const { pages, rest } = oggPages(joined([this.#rest, bytes]));
        this.#rest = rest.slice();
        const sounding = pages.filter((page) => page.granule > 0);
        this.#pages.push(...sounding.map((page) => ({ ...page, bytes: page.bytes.slice() })));
        if (this.#pages.length < 2) return;
        let first = this.#pages[0];
        const last = this.#pages.at(-1);
        let seconds = (last.granule - first.granule) / this.#rate;
        if (seconds > mostAhead) {
            this.#pages = this.#pages.filter((page) => page.granule >= last.granule - 2 * this.#rate);
            [first] = this.#pages;
            seconds = (last.granule - first.granule) / this.#rate;
        }
        if (seconds < least || seconds <= 0) return;
        const audio = await decode(joined([this.#header, ...this.#pages.map((page) => page.bytes)]));
        const wanted = Math.min(Math.round(seconds * audio.rate), audio.channels[0].length);
        this.#schedule.play(audio.channels.map((channel) => channel.slice(channel.length - wanted)), audio.rate);
        this.#pages = [last];
    }
}

/** Lets the browser decode: an audio element over a MediaSource, held near its end. */
export class MediaSourceOutput {
    #source = new Source();
    #audio = new Audio();
    #buffer = null;
    #queue = [];
    #format;
    #header;
    #findStart;
    #pending = new Uint8Array(0);
    #hasStarted = false;
    #url;
    #isFinished = false;

    /**
     * @param header what comes before everything else
     * @param findStart where in bytes from the middle a decoder can begin, or -1
     */
    constructor(context, target, format, header, findStart) {
        this.#format = format;
        this.#header = header;
        this.#findStart = findStart;
        context.createMediaElementSource(this.#audio).connect(target);
    }

    /** Whether this browser takes a type so. */
    static takes(mime) {
        return Source !== undefined && Source.isTypeSupported(mime);
    }

    get ahead() {
        const { buffered, currentTime } = this.#audio;
        return buffered.length === 0 ? 0 : Math.max(0, buffered.end(buffered.length - 1) - currentTime);
    }

    async open() {
        this.#url = URL.createObjectURL(this.#source);
        this.#audio.disableRemotePlayback = true;
        this.#audio.src = this.#url;
        await new Promise((resolve) => this.#source.addEventListener('sourceopen', resolve, { once: true }));
        this.#buffer = this.#source.addSourceBuffer(this.#format.mime);
        this.#buffer.addEventListener('updateend', () => this.#advance());
        if (this.#header.length > 0) this.#append(this.#header);
        // It plays once there is something; who stops it before that ends the waiting.
        this.#audio.play().catch(() => {});
    }

    start(size) {
        return Math.max(this.#header.length, size - leadIn[this.#format.kind]);
    }

    async take(bytes) {
        if (this.#hasStarted) {
            this.#append(bytes);
            return;
        }
        this.#pending = joined([this.#pending, bytes]);
        const at = this.#findStart(this.#pending);
        if (at < 0) return;
        this.#hasStarted = true;
        this.#append(this.#pending.slice(at));
        this.#pending = new Uint8Array(0);
    }

    async finish() {
        this.#isFinished = true;
        this.#advance();
        const audio = this.#audio;
        if (this.ahead < 0.1 || audio.paused) return;
        await new Promise((resolve) => {
            audio.addEventListener('ended', resolve, { once: true });
            audio.addEventListener('error', resolve, { once: true });
        });
    }

    stop() {
        this.#audio.pause();
        this.#audio.removeAttribute('src');
        this.#audio.load();
        URL.revokeObjectURL(this.#url);
        this.#queue = [];
    }

    #append(bytes) {
        this.#queue.push(bytes);
        this.#advance();
    }

    #advance() {
        const buffer = this.#buffer;
        if (this.#source.readyState !== 'open' || buffer.updating) return;
        this.#stayNearTheEnd();
        const { buffered } = buffer;
        const old = buffered.length === 0 ? 0 : this.#audio.currentTime - 30 - buffered.start(0);
        if (old > 30) {
            buffer.remove(buffered.start(0), this.#audio.currentTime - 30);
        } else if (this.#queue.length > 0) {
            buffer.appendBuffer(this.#queue.shift());
        } else if (this.#isFinished) {
            this.#source.endOfStream();
        }
    }

    #stayNearTheEnd() {
        const { buffered } = this.#buffer;
        if (buffered.length === 0 || this.#isFinished) return;
        const audio = this.#audio;
        const end = buffered.end(buffered.length - 1);
        const start = buffered.start(buffered.length - 1);
        // What comes from the middle of a WebM stream has the times of that middle.
        if (audio.currentTime < start || end - audio.currentTime > mostAhead) {
            audio.currentTime = Math.max(start, end - 1);
        }
    }
}
